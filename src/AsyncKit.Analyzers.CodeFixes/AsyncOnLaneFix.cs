using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AsyncKit.Analyzers;

/// <summary>AK0014: awaits the operation directly, or runs the operations with FanOutAsync.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp)]
[Shared]
public sealed class AsyncOnLaneFix() : RuleFix("Run the async operation without a lane", Rules.AsyncOnLane.Id)
{
    private protected override Task<Document?> FixAsync(FixTarget target, CancellationToken cancellationToken)
    {
        var (root, model, node) = (target.Root, target.Model, target.Node);
        var call = node.AncestorsAndSelf().OfType<ArgumentSyntax>().Select(argument => argument.Parent?.Parent)
            .OfType<InvocationExpressionSyntax>().FirstOrDefault();
        if (call?.AwaitOf() is not { } awaited || model.GetSymbolInfo(call, cancellationToken).Symbol is not IMethodSymbol method)
        {
            return Task.FromResult<Document?>(null);
        }

        var changed = method.Name is "FanOutBlockingAsync"
            ? Rename(root, call, awaited, method)
            : Inline(root, model, node, call, awaited, cancellationToken);
        return Task.FromResult(target.With(changed));
    }

    private static SyntaxNode? Rename(
        SyntaxNode root, InvocationExpressionSyntax call, AwaitExpressionSyntax awaited, IMethodSymbol method) =>
        awaited.Parent is ExpressionStatementSyntax
        && method.Parameters.Any(parameter => parameter.Name is "maxThreads")
        && call.Expression is MemberAccessExpressionSyntax access
            ? root.ReplaceNode(
                access.Name,
                SyntaxFactory.IdentifierName("FanOutAsync").WithTriviaFrom(access.Name))
            : null;

    private static SyntaxNode? Inline(
        SyntaxNode root,
        SemanticModel model,
        SyntaxNode node,
        InvocationExpressionSyntax call,
        AwaitExpressionSyntax awaited,
        CancellationToken cancellationToken)
    {
        if (TaskIn(node) is not { } task)
        {
            return null;
        }

        var token = call.ArgumentList.Arguments.Select(argument => argument.Expression)
            .OfType<IdentifierNameSyntax>()
            .FirstOrDefault(argument => TokenArguments.IsToken(model.GetTypeInfo(argument, cancellationToken).Type));
        if (token is not null && task is InvocationExpressionSyntax inner)
        {
            task = TokenArguments.Add(inner, model, token.Identifier.Text, cancellationToken) ?? task;
        }

        return awaited.Parent is ExpressionStatementSyntax || HasErrors(model, awaited, cancellationToken)
            ? root.ReplaceNode(call, task.AsOperand().WithTriviaFrom(call))
            : root.ReplaceNode(awaited, task.AsOperand().WithTriviaFrom(awaited));
    }

    /// <summary>Whether the member does not compile. Its author uses the result of the task as if the lane awaited
    /// it.</summary>
    private static bool HasErrors(SemanticModel model, SyntaxNode node, CancellationToken cancellationToken) => model
        .GetDiagnostics(node.FirstAncestorOrSelf<MemberDeclarationSyntax>()?.Span, cancellationToken)
        .Any(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error);

    /// <summary>The task that a lambda without parameters returns or awaits as its only expression, or null.</summary>
    private static ExpressionSyntax? TaskIn(SyntaxNode work) =>
        work is ParenthesizedLambdaExpressionSyntax { ParameterList.Parameters.Count: 0, ExpressionBody: { } body } lambda
            ? !lambda.AsyncKeyword.IsKind(SyntaxKind.AsyncKeyword)
                ? body
                : (body as AwaitExpressionSyntax)?.Expression
            : null;
}
