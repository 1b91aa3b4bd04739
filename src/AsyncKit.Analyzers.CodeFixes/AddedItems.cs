using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AsyncKit.Analyzers;

/// <summary>Rewrites an operation that adds its result to a list as its last step to one that returns the
/// result.</summary>
internal static class AddedItems
{
    /// <summary>The changed root, or null if the call has another shape.</summary>
    public static SyntaxNode? Return(
        SyntaxNode root, SemanticModel model, InvocationExpressionSyntax add, CancellationToken cancellationToken)
    {
        if (add is not
            {
                Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Add", Expression: IdentifierNameSyntax list },
                ArgumentList.Arguments: { Count: 1 } arguments,
            }
            || model.GetSymbolInfo(list, cancellationToken).Symbol is not ILocalSymbol
            || add.FirstAncestorOrSelf<LambdaExpressionSyntax>() is not { } lambda
            || !lambda.AsyncKeyword.IsKind(SyntaxKind.AsyncKeyword)
            || FanOutOf(lambda) is not { } call
            || call.AwaitOf() is not { Parent: ExpressionStatementSyntax } awaited
            || Uses(lambda, list) != 1
            || WithResult(lambda, add, arguments[0].Expression) is not { } rewritten)
        {
            return null;
        }

        var changed = awaited.ReplaceNode(lambda, rewritten);
        return root.ReplaceNode(awaited, SyntaxFactory.InvocationExpression(
            SyntaxFactory.MemberAccessExpression(
                SyntaxKind.SimpleMemberAccessExpression, list.WithoutTrivia(), SyntaxFactory.IdentifierName("AddRange")),
            SyntaxFactory.ArgumentList(SyntaxFactory.SingletonSeparatedList(
                SyntaxFactory.Argument(changed.WithoutTrivia())))).WithTriviaFrom(awaited));
    }

    private static InvocationExpressionSyntax? FanOutOf(LambdaExpressionSyntax lambda) =>
        lambda.Parent is ArgumentSyntax
        {
            Parent.Parent: InvocationExpressionSyntax
            {
                Expression: MemberAccessExpressionSyntax { Name: IdentifierNameSyntax { Identifier.ValueText: "FanOutAsync" } },
            } call,
        }
            ? call
            : null;

    private static int Uses(LambdaExpressionSyntax lambda, IdentifierNameSyntax list) => lambda.DescendantNodes()
        .OfType<IdentifierNameSyntax>()
        .Count(name => string.Equals(name.Identifier.ValueText, list.Identifier.ValueText, StringComparison.Ordinal));

    private static LambdaExpressionSyntax? WithResult(
        LambdaExpressionSyntax lambda, InvocationExpressionSyntax add, ExpressionSyntax item)
    {
        if (lambda.ExpressionBody == add)
        {
            return lambda.ReplaceNode(add, item.WithTriviaFrom(add));
        }

        if (lambda.Block is not { } block
            || block.Statements.LastOrDefault() is not ExpressionStatementSyntax last
            || last.Expression != add
            || block.OwnNodes().Any(node => node is ReturnStatementSyntax))
        {
            return null;
        }

        var result = SyntaxFactory.ReturnStatement(
            SyntaxFactory.Token(SyntaxKind.ReturnKeyword).WithTrailingTrivia(SyntaxFactory.Space),
            item.WithoutTrivia(),
            last.SemicolonToken);
        return lambda.ReplaceNode(last, result.WithTriviaFrom(last));
    }
}
