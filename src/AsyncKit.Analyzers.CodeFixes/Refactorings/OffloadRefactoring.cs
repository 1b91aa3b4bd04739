using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeRefactorings;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>The rewrite of AK0007 for work of which only its author knows that it blocks.</summary>
[ExportCodeRefactoringProvider(LanguageNames.CSharp)]
[Shared]
public sealed class OffloadRefactoring() : RuleRefactoring("Run blocking work with 'Offload.RunAsync'")
{
    private protected override SyntaxNode? Rewrite(
        Document document, SyntaxNode root, SemanticModel model, SyntaxNode node, KnownSymbols symbols, CancellationToken cancellationToken) =>
        node.FirstAncestorOrSelf<InvocationExpressionSyntax>() is { } call
        && call.Expression.Span.Contains(node.Span)
        && model.GetOperation(call, cancellationToken) is IInvocationOperation run
        && BlockingTaskRunAnalyzer.SynchronousWork(run, symbols) is not null
        && BlockingTaskRunAnalyzer.BlockingCallIn(run, symbols) is null
            ? BlockingTaskRunFix.Rewrite(root, model, call)
            : null;
}
