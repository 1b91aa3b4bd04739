using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>Rewrites a loop to a fan-out whose operation is the body of the loop.</summary>
internal sealed class LoopRewrite
{
    private readonly ForEachStatementSyntax _loop;
    private readonly SequentialLoop _shape;
    private readonly SemanticModel _model;
    private readonly OperationToken _token;
    private readonly CancellationToken _cancellationToken;

    private LoopRewrite(SequentialLoop shape, SemanticModel model, OperationToken token, CancellationToken cancellationToken)
    {
        _loop = shape.Syntax;
        _shape = shape;
        _model = model;
        _token = token;
        _cancellationToken = cancellationToken;
    }

    /// <summary>The changed root, or null if the loop cannot be rewritten.</summary>
    public static SyntaxNode? Apply(
        Document document, SyntaxNode root, SemanticModel model, SequentialLoop shape, CancellationToken cancellationToken)
    {
        var loop = shape.Syntax;
        if (OperationToken.For(loop.Statement, shape.Loop.Body, shape.Boundary, model, cancellationToken) is not { } token)
        {
            return null;
        }

        var statement = new LoopRewrite(shape, model, token, cancellationToken).Rewrite(Limit.Of(document, loop.SyntaxTree));
        return root.ReplaceNode(loop, statement.WithCommentsOf([loop], root.LineBreak()))
            .WithImport(model, loop.SpanStart, Imports.AsyncKit);
    }

    private ExpressionStatementSyntax Rewrite(ExpressionSyntax limit)
    {
        var call = FanOutCall.Build(FanOutCall.Method(_loop.Expression), limit, Operation(), _token.Outer);
        ExpressionSyntax run = SyntaxFactory.AwaitExpression(
            SyntaxFactory.Token(SyntaxKind.AwaitKeyword).WithTrailingTrivia(SyntaxFactory.Space),
            Configuration() is { } argument ? Configure(call, argument) : call);
        if (_shape.List is { } list)
        {
            run = SyntaxFactory.InvocationExpression(
                SyntaxFactory.MemberAccessExpression(
                    SyntaxKind.SimpleMemberAccessExpression,
                    SyntaxFactory.IdentifierName(list.Name),
                    SyntaxFactory.IdentifierName("AddRange")),
                SyntaxFactory.ArgumentList(SyntaxFactory.SingletonSeparatedList(SyntaxFactory.Argument(run))));
        }

        return SyntaxFactory.ExpressionStatement(run).WithTriviaFrom(_loop);
    }

    private LambdaExpressionSyntax Operation()
    {
        var parameter = SyntaxFactory.Parameter(_loop.Identifier);
        if (ExpressionBody() is { } expression)
        {
            return Lambda(parameter, SyntaxFactory.TriviaList(SyntaxFactory.Space), expression);
        }

        if (_loop.Statement is BlockSyntax block)
        {
            return Lambda(parameter, _loop.CloseParenToken.TrailingTrivia, Block(_token.PassIn(block)).WithoutTrailingTrivia());
        }

        var statement = Last(_token.PassIn(_loop.Statement)).WithoutTrivia().WithTrailingTrivia(SyntaxFactory.Space);
        return Lambda(parameter, SyntaxFactory.TriviaList(SyntaxFactory.Space), SyntaxFactory.Block(
            SyntaxFactory.Token(SyntaxKind.OpenBraceToken).WithTrailingTrivia(SyntaxFactory.Space),
            SyntaxFactory.SingletonList(statement),
            SyntaxFactory.Token(SyntaxKind.CloseBraceToken)));
    }

    private LambdaExpressionSyntax Lambda(ParameterSyntax parameter, SyntaxTriviaList afterArrow, CSharpSyntaxNode body) =>
        FanOutCall.Lambda(FanOutCall.Async, parameter, _token.Name, afterArrow, body);

    /// <summary>The only expression of the loop, if it has no result that the loop dropped and no comment.</summary>
    private ExpressionSyntax? ExpressionBody()
    {
        var statement = _loop.Statement is BlockSyntax { Statements: { Count: 1 } statements } ? statements[0] : _loop.Statement;
        if (statement is not ExpressionStatementSyntax { Expression: var expression }
            || _loop.Statement.ContainsDirectives
            || Comments.In(_loop).Any(comment => comment.SpanStart >= _loop.CloseParenToken.SpanStart
                && comment.SpanStart < _loop.Statement.Span.End))
        {
            return null;
        }

        return _shape.Add is { Syntax: InvocationExpressionSyntax add }
            ? Result(_token.PassIn(add.ArgumentList.Arguments[0].Expression))
            : expression is AwaitExpressionSyntax && IsVoid(expression)
                ? _token.PassIn(expression).WithoutTrivia()
                : null;
    }

    private bool IsVoid(ExpressionSyntax expression) =>
        _model.GetTypeInfo(expression, _cancellationToken).Type?.SpecialType == SpecialType.System_Void;

    private BlockSyntax Block(BlockSyntax block) => block.Statements.Count == 0
        ? block
        : block.WithStatements(block.Statements.Replace(block.Statements.Last(), Last(block.Statements.Last())));

    /// <summary>The last statement, which returns what the loop added.</summary>
    private StatementSyntax Last(StatementSyntax last) =>
        _shape.Add is not null
        && last is ExpressionStatementSyntax { Expression: InvocationExpressionSyntax { ArgumentList.Arguments: { Count: 1 } arguments } } statement
            ? SyntaxFactory.ReturnStatement(
                SyntaxFactory.Token(SyntaxKind.ReturnKeyword).WithTrailingTrivia(SyntaxFactory.Space),
                Result(arguments[0].Expression),
                statement.SemicolonToken).WithTriviaFrom(statement)
            : last;

    /// <summary>An expression whose own type is that of the items of the list.</summary>
    private ExpressionSyntax Result(ExpressionSyntax rewritten)
    {
        var original = ((InvocationExpressionSyntax)_shape.Add!.Syntax).ArgumentList.Arguments[0].Expression;
        var item = ((INamedTypeSymbol)_shape.List!.Type).TypeArguments[0];
        var own = _model.GetTypeInfo(original, _cancellationToken).Type;
        var expression = rewritten.WithoutTrivia();
        if (original is not ImplicitObjectCreationExpressionSyntax
            && own is not null
            && _model.Compilation.ClassifyConversion(own, item) is { } conversion
            && (conversion.IsIdentity || (conversion.IsReference && conversion.IsImplicit)))
        {
            return expression;
        }

        var name = SyntaxFactory.ParseTypeName(item.ToMinimalDisplayString(_model, original.SpanStart));
        return expression is ImplicitObjectCreationExpressionSyntax creation
            ? SyntaxFactory.ObjectCreationExpression(
                creation.NewKeyword.WithTrailingTrivia(SyntaxFactory.Space), name, creation.ArgumentList, creation.Initializer)
            : SyntaxFactory.CastExpression(name, expression is AwaitExpressionSyntax ? expression : expression.AsOperand());
    }

    /// <summary>The argument of ConfigureAwait if every await of the loop has the same, or null.</summary>
    private ArgumentListSyntax? Configuration()
    {
        var configurations = _loop.Statement.OwnNodesAndSelf().OfType<AwaitExpressionSyntax>()
            .Select(awaited => awaited.Expression is InvocationExpressionSyntax
            {
                Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "ConfigureAwait" },
                ArgumentList: var arguments,
            }
                ? arguments
                : null).ToList();
        return configurations.Select(arguments => arguments?.ToString()).Distinct(StringComparer.Ordinal).Count() == 1
            ? configurations[0]?.WithoutTrivia()
            : null;
    }

    private static InvocationExpressionSyntax Configure(ExpressionSyntax call, ArgumentListSyntax arguments) =>
        SyntaxFactory.InvocationExpression(
            SyntaxFactory.MemberAccessExpression(
                SyntaxKind.SimpleMemberAccessExpression, call, SyntaxFactory.IdentifierName("ConfigureAwait")),
            arguments);
}
