using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeRefactorings;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>The rewrites of AK0001, AK0002 and AK0004 for code of which the rules cannot prove that the order or the number
/// of the operations does not matter.</summary>
[ExportCodeRefactoringProvider(LanguageNames.CSharp)]
[Shared]
public sealed class FanOutRefactoring() : RuleRefactoring("Run several at once with 'FanOutAsync'")
{
    private protected override SyntaxNode? Rewrite(
        Document document, SyntaxNode root, SemanticModel model, SyntaxNode node, KnownSymbols symbols, CancellationToken cancellationToken)
    {
        var verbs = ReadVerbs.Of(document.Project.AnalyzerOptions, root.SyntaxTree);
        switch (TargetAt(node) is { } target ? model.GetOperation(target, cancellationToken) : null)
        {
            case IForEachLoopOperation loop when SequentialLoop.Of(loop, symbols) is { } found
                && !LoopProof.Holds(found, symbols, verbs, cancellationToken):
                return LoopRewrite.Apply(document, root, model, found, cancellationToken);
            case IInvocationOperation call when UnlimitedWhenAll.Of(call, symbols) is { } found
                && !UnlimitedWhenAll.IsCertain(found, symbols, verbs, cancellationToken):
                return CallRewrite.Apply(document, root, model, found, cancellationToken);
            case IInvocationOperation call when UnlimitedParallel.Of(call, symbols) is { Waits: false } found:
                return CallRewrite.Apply(document, root, model, found, cancellationToken);
            default:
                return null;
        }
    }

    /// <summary>The loop whose keyword, or the call whose name, is selected.</summary>
    private static SyntaxNode? TargetAt(SyntaxNode node) => node switch
    {
        ForEachStatementSyntax loop => loop,
        IdentifierNameSyntax
        {
            Identifier.ValueText: "WhenAll" or "ForEachAsync",
            Parent: MemberAccessExpressionSyntax { Parent: InvocationExpressionSyntax call },
        } => call,
        _ => null,
    };
}
