using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AsyncKit.Analyzers;

/// <summary>Builds <c>source.FanOutAsync(maxConcurrency: 8, operation, token)</c> and the operation's lambda.</summary>
internal static class FanOutCall
{
    private static readonly SyntaxToken Comma = SyntaxFactory.Token(SyntaxKind.CommaToken).WithTrailingTrivia(SyntaxFactory.Space);

    public static MemberAccessExpressionSyntax Method(ExpressionSyntax source) => SyntaxFactory.MemberAccessExpression(
        SyntaxKind.SimpleMemberAccessExpression,
        source.WithoutTrivia().AsOperand(),
        Name());

    /// <summary>The name of the method in place of another, such as that of Select.</summary>
    public static MemberAccessExpressionSyntax Method(MemberAccessExpressionSyntax select) => select
        .WithName(Name().WithTriviaFrom(select.Name))
        .WithoutLeadingTrivia();

    public static InvocationExpressionSyntax Build(
        MemberAccessExpressionSyntax method, ExpressionSyntax limit, ExpressionSyntax operation, ExpressionSyntax? token)
    {
        List<ArgumentSyntax> arguments =
        [
            SyntaxFactory.Argument(limit.WithoutTrivia()).WithNameColon(
                SyntaxFactory.NameColon("maxConcurrency").WithTrailingTrivia(SyntaxFactory.Space)),
            SyntaxFactory.Argument(operation),
        ];
        if (token is not null)
        {
            arguments.Add(SyntaxFactory.Argument(token.WithoutTrivia()));
        }

        return SyntaxFactory.InvocationExpression(method, SyntaxFactory.ArgumentList(
            SyntaxFactory.SeparatedList(arguments, Enumerable.Repeat(Comma, arguments.Count - 1))));
    }

    /// <summary>A lambda with the item and the token as its parameters.</summary>
    /// <param name="modifiers">async, static, or both.</param>
    /// <param name="item">The parameter of the item.</param>
    /// <param name="token">The name of the token.</param>
    /// <param name="afterArrow">The trivia between the arrow and the body.</param>
    /// <param name="body">A block or an expression.</param>
    public static LambdaExpressionSyntax Lambda(
        SyntaxTokenList modifiers, ParameterSyntax item, string token, SyntaxTriviaList afterArrow, CSharpSyntaxNode body)
    {
        var parameter = SyntaxFactory.Parameter(SyntaxFactory.Identifier(token));
        if (item.Type is not null)
        {
            parameter = parameter.WithType(SyntaxFactory.ParseTypeName("CancellationToken").WithTrailingTrivia(SyntaxFactory.Space));
        }

        return SyntaxFactory.ParenthesizedLambdaExpression(
            attributeLists: default,
            modifiers,
            returnType: null,
            SyntaxFactory.ParameterList(SyntaxFactory.SeparatedList([item.WithoutTrivia(), parameter], [Comma]))
                .WithTrailingTrivia(SyntaxFactory.Space),
            SyntaxFactory.Token(SyntaxKind.EqualsGreaterThanToken).WithTrailingTrivia(afterArrow),
            body as BlockSyntax,
            body as ExpressionSyntax);
    }

    public static SyntaxTokenList Async { get; } =
        SyntaxFactory.TokenList(SyntaxFactory.Token(SyntaxKind.AsyncKeyword).WithTrailingTrivia(SyntaxFactory.Space));

    private static IdentifierNameSyntax Name() => SyntaxFactory.IdentifierName("FanOutAsync");
}
