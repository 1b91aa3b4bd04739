using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeRefactorings;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;
using Microsoft.CodeAnalysis.Text;

namespace AsyncKit.Analyzers;

/// <summary>Offers the rewriting of AK0001, AK0002 and AK0004 where the rule is silent because it cannot prove that the
/// order or the number of the operations does not matter.</summary>
[ExportCodeRefactoringProvider(LanguageNames.CSharp)]
[Shared]
public sealed class FanOutRefactoring : CodeRefactoringProvider
{
    private const string Title = "Run several at once with 'FanOutAsync'";

    /// <inheritdoc/>
    public override async Task ComputeRefactoringsAsync(CodeRefactoringContext context)
    {
        var (document, token) = (context.Document, context.CancellationToken);
        var root = await document.GetSyntaxRootAsync(token).ConfigureAwait(false);
        if (root?.FindToken(context.Span.Start).Parent is not { } node || NodeAt(node) is not { } target)
        {
            return;
        }

        var model = await document.GetSemanticModelAsync(token).ConfigureAwait(false);
        if (model is not null
            && KnownSymbols.Of(model.Compilation) is { } symbols
            && Rewrite(document, root, model, target, symbols, token) is { } changed
            && await changed.GetSemanticModelAsync(token).ConfigureAwait(false) is { } after
            && ChangedSolution.Errors(after, new TextSpan(0, after.SyntaxTree.Length), token) <= ChangedSolution.Errors(model, root.FullSpan, token))
        {
            context.RegisterRefactoring(CodeAction.Create(Title, _ => Task.FromResult(changed), Title));
        }
    }

    /// <summary>The loop whose keyword, or the call whose name, is selected.</summary>
    private static SyntaxNode? NodeAt(SyntaxNode node) => node switch
    {
        ForEachStatementSyntax loop => loop,
        IdentifierNameSyntax { Identifier.ValueText: "WhenAll" or "ForEachAsync", Parent: MemberAccessExpressionSyntax { Parent: InvocationExpressionSyntax call } } =>
            call,
        _ => null,
    };

    private static Document? Rewrite(
        Document document, SyntaxNode root, SemanticModel model, SyntaxNode node, KnownSymbols symbols, CancellationToken token)
    {
        var verbs = ReadVerbs.Of(document.Project.AnalyzerOptions, root.SyntaxTree);
        switch (model.GetOperation(node, token))
        {
            case IForEachLoopOperation loop when SequentialLoop.Of(loop, symbols) is { } found
                && !LoopProof.Holds(found, symbols, verbs, token):
                return LoopRewrite.Apply(document, root, model, found, token);
            case IInvocationOperation call when UnlimitedWhenAll.Of(call, symbols) is { } found
                && !UnlimitedWhenAll.IsCertain(found, symbols, verbs, token):
                return CallRewrite.Apply(document, root, model, found, token);
            case IInvocationOperation call when UnlimitedParallel.Of(call, symbols) is { Waits: false } found:
                return CallRewrite.Apply(document, root, model, found, token);
            default:
                return null;
        }
    }
}
