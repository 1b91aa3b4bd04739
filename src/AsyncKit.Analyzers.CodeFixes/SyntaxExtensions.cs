using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AsyncKit.Analyzers;

internal static class SyntaxExtensions
{
    /// <summary>The line break that the source uses.</summary>
    public static SyntaxTrivia LineBreak(this SyntaxNode root) => root.DescendantTrivia()
        .Where(trivia => trivia.IsKind(SyntaxKind.EndOfLineTrivia))
        .DefaultIfEmpty(SyntaxFactory.LineFeed)
        .First();

    /// <summary>The whitespace before the first token of a node.</summary>
    public static SyntaxTriviaList Indentation(this SyntaxNode node)
    {
        var trivia = node.GetLeadingTrivia();
        return trivia.Count > 0 && trivia[trivia.Count - 1].IsKind(SyntaxKind.WhitespaceTrivia)
            ? SyntaxFactory.TriviaList(trivia[trivia.Count - 1])
            : default;
    }

    /// <summary>The whitespace at the start of the line that a node starts on.</summary>
    public static SyntaxTriviaList LineIndentation(this SyntaxNode node)
    {
        var line = node.SyntaxTree.GetText().Lines.GetLineFromPosition(node.SpanStart).ToString();
        return SyntaxFactory.TriviaList(SyntaxFactory.Whitespace(line.Substring(0, line.Length - line.TrimStart().Length)));
    }

    /// <summary>The await of a call, directly or through ConfigureAwait, or null.</summary>
    public static AwaitExpressionSyntax? AwaitOf(this InvocationExpressionSyntax call) => call.Parent switch
    {
        AwaitExpressionSyntax awaited => awaited,
        MemberAccessExpressionSyntax
        {
            Name.Identifier.ValueText: "ConfigureAwait",
            Parent: InvocationExpressionSyntax { Parent: AwaitExpressionSyntax awaited },
        } => awaited,
        _ => null,
    };

    public static SeparatedSyntaxList<ParameterSyntax> Parameters(this LambdaExpressionSyntax lambda) => lambda switch
    {
        SimpleLambdaExpressionSyntax simple => SyntaxFactory.SingletonSeparatedList(simple.Parameter),
        ParenthesizedLambdaExpressionSyntax parenthesized => parenthesized.ParameterList.Parameters,
        _ => default,
    };

    /// <summary>The descendants of a function without those of nested functions.</summary>
    public static IEnumerable<SyntaxNode> OwnNodes(this SyntaxNode function) => function.DescendantNodes(node =>
        node == function || node is not (AnonymousFunctionExpressionSyntax or LocalFunctionStatementSyntax));

    /// <summary>Whether a jump or an exception thrown here may leave the loop whose body a statement is, except for
    /// continue.</summary>
    public static bool MayLeave(this StatementSyntax body) => body.OwnNodes().Append(body).Any(node => node switch
    {
        ReturnStatementSyntax or GotoStatementSyntax or YieldStatementSyntax or ThrowStatementSyntax
            or ThrowExpressionSyntax => true,
        BreakStatementSyntax => !node.Ancestors().TakeWhile(ancestor => ancestor != body.Parent).Any(BindsBreak),
        _ => false,
    });

    /// <summary>A statement that a break inside of it leaves.</summary>
    public static bool BindsBreak(SyntaxNode node) => node is WhileStatementSyntax or DoStatementSyntax
        or ForStatementSyntax or CommonForEachStatementSyntax or SwitchStatementSyntax;

    public static IEnumerable<SyntaxNode> OwnNodesAndSelf(this SyntaxNode function) => function.OwnNodes().Prepend(function);

    /// <summary>The expression, in parentheses unless an await or a member access can take it without.</summary>
    public static ExpressionSyntax AsOperand(this ExpressionSyntax expression) => expression
        is InvocationExpressionSyntax or IdentifierNameSyntax or MemberAccessExpressionSyntax
            or ElementAccessExpressionSyntax or ObjectCreationExpressionSyntax or ParenthesizedExpressionSyntax
            or GenericNameSyntax or LiteralExpressionSyntax or ThisExpressionSyntax or BaseExpressionSyntax
            or PostfixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.SuppressNullableWarningExpression }
        ? expression
        : SyntaxFactory.ParenthesizedExpression(expression);
}
