using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeRefactorings;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>The rewrite of AK0010 for a catch that includes cancellations.</summary>
[ExportCodeRefactoringProvider(LanguageNames.CSharp)]
[Shared]
public sealed class RetryRefactoring() : RuleRefactoring("Use 'Retry.RunAsync', which retries no cancellation")
{
    private protected override SyntaxNode? Rewrite(
        Document document, SyntaxNode root, SemanticModel model, SyntaxNode node, KnownSymbols symbols, CancellationToken cancellationToken) =>
        node is ForStatementSyntax loop
        && model.GetOperation(loop, cancellationToken) is ILoopOperation operation
        && HandwrittenRetryAnalyzer.IsRetry(operation, symbols)
        && HandwrittenRetryFix.Rewrite(root, model, loop, mayCatchCancellation: false, cancellationToken) is null
            ? HandwrittenRetryFix.Rewrite(root, model, loop, mayCatchCancellation: true, cancellationToken)
            : null;
}
