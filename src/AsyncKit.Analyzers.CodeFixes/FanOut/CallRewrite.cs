using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>Rewrites the calls of Task.WhenAll and Parallel.ForEachAsync to a fan-out.</summary>
internal static class CallRewrite
{
    /// <summary>The changed root, or null.</summary>
    public static SyntaxNode? Apply(
        Document document, SyntaxNode root, SemanticModel model, WhenAllCall found, CancellationToken cancellationToken)
    {
        var limit = Limit.Of(document, root.SyntaxTree);
        return (found.Lambda is { } lambda
            ? OfLambda(found, lambda, limit, model, cancellationToken)
            : OfMethod(found, limit, model)) is { } call
                ? Replace(root, model, found.Call, call)
                : null;
    }

    public static SyntaxNode Apply(
        Document document, SyntaxNode root, SemanticModel model, UnlimitedParallel found, CancellationToken cancellationToken)
    {
        var body = (ExpressionSyntax)found.Body.Syntax;
        var operation = AtCall(body, found.Call.Syntax);
        if (operation is LambdaExpressionSyntax { ExpressionBody: { } value, AsyncKeyword.RawKind: (int)SyntaxKind.AsyncKeyword } lambda
            && model.GetTypeInfo(((LambdaExpressionSyntax)body).ExpressionBody!, cancellationToken).Type is { SpecialType: not SpecialType.System_Void })
        {
            operation = Statement(lambda, value);
        }

        return Replace(
            root,
            model,
            found.Call,
            FanOutCall.Build(
                FanOutCall.Method(found.SourceSyntax), Limit.Of(document, root.SyntaxTree), operation, found.Token));
    }

    /// <summary>The fan-out in place of a call, and what the rewriting of its arguments loses as comments before
    /// it.</summary>
    private static SyntaxNode Replace(SyntaxNode root, SemanticModel model, IInvocationOperation call, ExpressionSyntax fanOut)
    {
        var old = call.Syntax;
        var container = old.FirstAncestorOrSelf<StatementSyntax>() ?? old;
        var changed = container.ReplaceNode(old, fanOut.WithTriviaFrom(old)).WithCommentsOf([container], root.LineBreak());
        return root.ReplaceNode(container, changed).WithImport(model, old.SpanStart, Imports.AsyncKit);
    }

    private static InvocationExpressionSyntax? OfLambda(
        WhenAllCall found, IAnonymousFunctionOperation lambda, ExpressionSyntax limit, SemanticModel model, CancellationToken cancellationToken)
    {
        var syntax = (LambdaExpressionSyntax)lambda.Syntax;
        if (syntax.AttributeLists.Count > 0
            || syntax is ParenthesizedLambdaExpressionSyntax { ReturnType: not null }
            || OperationToken.For(syntax.Body, lambda, found.Boundary, model, cancellationToken) is not { } token)
        {
            return null;
        }

        var operation = FanOutCall.Lambda(
            syntax.Modifiers, syntax.Parameters()[0], token.Name, syntax.ArrowToken.TrailingTrivia, token.PassIn(syntax.Body));
        return FanOutCall.Build(MethodOf(found), limit, AtCall(operation, syntax, found.Call.Syntax), token.Outer);
    }

    /// <summary>Of a method group: a lambda that calls the method, with the token if the method takes one.</summary>
    private static InvocationExpressionSyntax? OfMethod(WhenAllCall found, ExpressionSyntax limit, SemanticModel model)
    {
        var reference = (IMethodReferenceOperation)found.Selector;
        if (reference.Syntax is not ExpressionSyntax method || method.DescendantNodesAndSelf().Any(node => node is InvocationExpressionSyntax))
        {
            return null;
        }

        var names = method.DescendantTokens().Select(name => name.ValueText).ToList();
        var item = names.Contains("item") ? "element" : "item";
        var token = TokenArguments.TakesToken(reference.Method)
            ? TokenArguments.InScope(model, method.SpanStart)?.Name ?? "cancellationToken"
            : "_";
        var call = SyntaxFactory.ParseExpression(token is "_" ? "M(" + item + ")" : "M(" + item + ", " + token + ")");
        return FanOutCall.Build(
            MethodOf(found),
            limit,
            FanOutCall.Lambda(
                default,
                SyntaxFactory.Parameter(SyntaxFactory.Identifier(item)),
                token,
                SyntaxFactory.TriviaList(SyntaxFactory.Space),
                ((InvocationExpressionSyntax)call).WithExpression(method.WithoutTrivia())),
            token: null);
    }

    /// <summary>FanOutAsync in place of Select, on the same source.</summary>
    public static MemberAccessExpressionSyntax MethodOf(WhenAllCall found) =>
        FanOutCall.Method((MemberAccessExpressionSyntax)((InvocationExpressionSyntax)found.Select.Syntax).Expression);

    private static ExpressionSyntax AtCall(ExpressionSyntax operation, SyntaxNode call) => AtCall(operation, operation, call);

    /// <summary>The operation as an argument on the line of the call. If it started a line, its lines move to the
    /// left.</summary>
    public static TNode AtCall<TNode>(TNode operation, SyntaxNode original, SyntaxNode call)
        where TNode : SyntaxNode
    {
        var startsLine = original.GetFirstToken().GetPreviousToken().TrailingTrivia.Any(trivia => trivia.IsKind(SyntaxKind.EndOfLineTrivia));
        var columns = startsLine ? Indentation.Difference(original, call.FirstAncestorOrSelf<StatementSyntax>() ?? call) : 0;
        return Indentation.Remove(operation, columns).WithoutTrivia();
    }

    /// <summary>The lambda with a statement as its body, so that it has no result.</summary>
    private static LambdaExpressionSyntax Statement(LambdaExpressionSyntax lambda, ExpressionSyntax expression) => lambda
        .WithBody(SyntaxFactory.Block(
            SyntaxFactory.Token(SyntaxKind.OpenBraceToken).WithTrailingTrivia(SyntaxFactory.Space),
            SyntaxFactory.SingletonList<StatementSyntax>(
                SyntaxFactory.ExpressionStatement(expression.WithoutTrivia()).WithTrailingTrivia(SyntaxFactory.Space)),
            SyntaxFactory.Token(SyntaxKind.CloseBraceToken)));
}
