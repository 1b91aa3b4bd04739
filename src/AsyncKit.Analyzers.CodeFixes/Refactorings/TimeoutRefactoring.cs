using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeRefactorings;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>The rewrite of AK0009 for an exception with a message, and for a task that other code uses.</summary>
[ExportCodeRefactoringProvider(LanguageNames.CSharp)]
[Shared]
public sealed class TimeoutRefactoring() : RuleRefactoring("Use 'WithTimeoutAsync' and its message")
{
    private protected override SyntaxNode? Rewrite(
        Document document, SyntaxNode root, SemanticModel model, SyntaxNode node, KnownSymbols symbols, CancellationToken cancellationToken) =>
        node.FirstAncestorOrSelf<InvocationExpressionSyntax>() is { } call
        && call.Expression.Span.Contains(node.Span)
        && model.GetOperation(call, cancellationToken) is IInvocationOperation operation
        && TimeoutRace.Of(operation, symbols) is { } race
        && race.ThrowsOnTimeout(symbols)
        && !(race.OnlyAwaitsItsTask()
            && HandwrittenTimeoutFix.Rewrite(root, model, call, mayLoseMessage: false, cancellationToken) is not null)
            ? HandwrittenTimeoutFix.Rewrite(root, model, call, mayLoseMessage: true, cancellationToken)
            : null;
}
