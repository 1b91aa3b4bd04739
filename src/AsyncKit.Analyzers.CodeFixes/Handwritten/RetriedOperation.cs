using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AsyncKit.Analyzers;

/// <summary>The body of the try of a retry loop, as a lambda.</summary>
internal sealed class RetriedOperation
{
    private RetriedOperation(string prefix, string lambda, string? token)
    {
        Prefix = prefix;
        Lambda = lambda;
        Token = token;
    }

    /// <summary>The code before the await: "return ", an assignment, or nothing.</summary>
    public string Prefix { get; }

    public string Lambda { get; }

    /// <summary>The token that the loop used, or null.</summary>
    public string? Token { get; }

    public static RetriedOperation? Of(RetryLoop retry, SemanticModel model, CancellationToken cancellationToken)
    {
        var body = retry.Attempt;
        var last = body.Statements.LastOrDefault();
        if (!body.OwnNodes().Any(node => node is AwaitExpressionSyntax)
            || !(last switch
            {
                ReturnStatementSyntax { Expression: not null } => EndsOnlyByReturn(body),
                BreakStatementSyntax => EndsOnlyBy(body, last),
                _ => false,
            }))
        {
            return null;
        }

        var outer = retry.Token?.ToString() ?? TokenIn(body, model, cancellationToken);
        var name = outer ?? TokenArguments.InScope(model, body.SpanStart)?.Name ?? "cancellationToken";
        var completed = TokenArguments.PassOn(body, model, name, cancellationToken);
        var parameter = completed.DescendantNodes().OfType<IdentifierNameSyntax>()
            .Any(use => string.Equals(use.Identifier.ValueText, name, StringComparison.Ordinal))
                ? name
                : "_";
        return From(completed, "async " + parameter + " => ", outer);
    }

    private static RetriedOperation From(BlockSyntax body, string head, string? token)
    {
        var last = body.Statements.Last();
        var rest = last is BreakStatementSyntax ? body.Statements.RemoveAt(body.Statements.Count - 1) : body.Statements;
        var prefix = last is ReturnStatementSyntax ? "return " : "";
        return rest.Count != 1 ? new(prefix, head + body.WithStatements(rest).WithoutTrivia().ToFullString(), token)
            : rest[0] switch
            {
                ReturnStatementSyntax { Expression: { } result } => new(prefix, head + Text(result), token),
                ExpressionStatementSyntax
                {
                    Expression: AssignmentExpressionSyntax
                    {
                        RawKind: (int)SyntaxKind.SimpleAssignmentExpression, Left: IdentifierNameSyntax target, Right: AwaitExpressionSyntax result,
                    },
                } => new(Text(target) + " = ", head + Text(result), token),
                ExpressionStatementSyntax { Expression: AwaitExpressionSyntax awaited } => new(prefix, head + Text(awaited), token),
                _ => new(prefix, head + body.WithStatements(rest).WithoutTrivia().ToFullString(), token),
            };
    }

    private static string Text(SyntaxNode node) => node.WithoutTrivia().ToFullString();

    private static bool EndsOnlyByReturn(BlockSyntax body) => body.OwnNodes().All(node => node switch
    {
        GotoStatementSyntax or YieldStatementSyntax or ReturnStatementSyntax { Expression: null } => false,
        BreakStatementSyntax or ContinueStatementSyntax => IsInside(node, body),
        _ => true,
    });

    private static bool EndsOnlyBy(BlockSyntax body, StatementSyntax last) => body.OwnNodes().All(node => node switch
    {
        GotoStatementSyntax or YieldStatementSyntax or ReturnStatementSyntax => false,
        BreakStatementSyntax or ContinueStatementSyntax => node == last || IsInside(node, body),
        _ => true,
    });

    /// <summary>Whether a jump belongs to a loop or a switch inside the body.</summary>
    private static bool IsInside(SyntaxNode jump, BlockSyntax body) => jump.Ancestors().TakeWhile(ancestor => ancestor != body)
        .Any(ancestor => SyntaxExtensions.BindsBreak(ancestor)
            && (jump is BreakStatementSyntax || ancestor is not SwitchStatementSyntax));

    /// <summary>The first variable with a token that the body passes to a call, or null.</summary>
    private static string? TokenIn(BlockSyntax body, SemanticModel model, CancellationToken cancellationToken) => body.OwnNodes()
        .OfType<ArgumentSyntax>()
        .Select(argument => argument.Expression)
        .OfType<IdentifierNameSyntax>()
        .FirstOrDefault(argument => model.GetSymbolInfo(argument, cancellationToken).Symbol switch
        {
            IParameterSymbol parameter => TokenArguments.IsToken(parameter.Type),
            ILocalSymbol local => TokenArguments.IsToken(local.Type)
                && !local.DeclaringSyntaxReferences.Any(reference => body.Span.Contains(reference.Span)),
            _ => false,
        })
        ?.Identifier.Text;
}
