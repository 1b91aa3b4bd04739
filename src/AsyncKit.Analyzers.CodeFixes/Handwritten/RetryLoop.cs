using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AsyncKit.Analyzers;

/// <summary>The parts of a loop that retries, as source: how often, after which exceptions and after which
/// delay.</summary>
internal sealed class RetryLoop
{
    private RetryLoop(BlockSyntax attempt, string maxAttempts, string shouldRetry, string delay, ExpressionSyntax? token, string configuration)
    {
        Attempt = attempt;
        MaxAttempts = maxAttempts;
        ShouldRetry = shouldRetry;
        Delay = delay;
        Token = token;
        Configuration = configuration;
    }

    /// <summary>The body of the try.</summary>
    public BlockSyntax Attempt { get; }

    public string MaxAttempts { get; }

    public string ShouldRetry { get; }

    public string Delay { get; }

    /// <summary>The token of the delay, or null.</summary>
    public ExpressionSyntax? Token { get; }

    /// <summary>The call of ConfigureAwait, or an empty text.</summary>
    public string Configuration { get; }

    /// <summary>Null for a loop with any other part.</summary>
    public static RetryLoop? Of(
        ForStatementSyntax loop, SemanticModel model, bool mayCatchCancellation, CancellationToken cancellationToken)
    {
        if (loop is not
            {
                Declaration.Variables: { Count: 1 } variables,
                Condition: null or LiteralExpressionSyntax { RawKind: (int)SyntaxKind.TrueLiteralExpression },
                Incrementors: { Count: 1 } steps,
            }
            || loop.Statement.Single() is not TryStatementSyntax { Finally: null, Catches: { Count: 1 } catches } attempt
            || catches[0] is not { Filter.FilterExpression: { } filter, Block.Statements: { Count: 1 } waiting } failure
            || DelayCall.Of(waiting[0], loop, model, cancellationToken) is not { } delay)
        {
            return null;
        }

        var counter = variables[0].Identifier.ValueText;
        var (bounds, others) = Split(filter, counter);
        return IsStep(steps[0], counter)
            && bounds.Count == 1
            && !others.Any(other => Mentions(other, counter))
            && !Mentions(attempt.Block, counter)
            && !Mentions(waiting[0], counter)
            && Attempts(variables[0], bounds[0], counter, model, cancellationToken) is { } maxAttempts
            && RetryFilter.Of(failure.Declaration, others, model, mayCatchCancellation, cancellationToken) is { } shouldRetry
                ? new(attempt.Block, maxAttempts, shouldRetry, delay.Time, delay.Token, ConfigurationIn(attempt))
                : null;
    }

    private static bool IsStep(ExpressionSyntax step, string counter) => step switch
    {
        PostfixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.PostIncrementExpression } one => IsCounter(one.Operand, counter),
        PrefixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.PreIncrementExpression } one => IsCounter(one.Operand, counter),
        _ => false,
    };

    private static bool IsCounter(ExpressionSyntax expression, string counter) =>
        expression is IdentifierNameSyntax name && string.Equals(name.Identifier.ValueText, counter, StringComparison.Ordinal);

    private static bool Mentions(SyntaxNode node, string counter) =>
        node.DescendantNodesAndSelf().OfType<IdentifierNameSyntax>().Any(name => IsCounter(name, counter));

    /// <summary>The parts of a filter that limit the counter, and the other ones.</summary>
    private static (List<BinaryExpressionSyntax> Bounds, List<ExpressionSyntax> Others) Split(ExpressionSyntax filter, string counter)
    {
        var (bounds, others) = (new List<BinaryExpressionSyntax>(), new List<ExpressionSyntax>());
        var open = new Stack<ExpressionSyntax>([filter]);
        while (open.Count > 0)
        {
            switch (open.Pop())
            {
                case BinaryExpressionSyntax { RawKind: (int)SyntaxKind.LogicalAndExpression } both:
                    open.Push(both.Right);
                    open.Push(both.Left);
                    break;
                case BinaryExpressionSyntax comparison when IsCounter(comparison.Left, counter) || IsCounter(comparison.Right, counter):
                    bounds.Add(comparison);
                    break;
                case var other:
                    others.Add(other);
                    break;
            }
        }

        return (bounds, others);
    }

    /// <summary>How often the operation is called at most, as a number. Null if it is not a constant.</summary>
    private static string? Attempts(
        VariableDeclaratorSyntax variable, BinaryExpressionSyntax bound, string counter, SemanticModel model, CancellationToken cancellationToken)
    {
        var isLeft = IsCounter(bound.Left, counter);
        var extra = (isLeft, bound.Kind()) switch
        {
            (true, SyntaxKind.LessThanExpression) or (false, SyntaxKind.GreaterThanExpression) => 1,
            (true, SyntaxKind.LessThanOrEqualExpression) or (false, SyntaxKind.GreaterThanOrEqualExpression) => 2,
            _ => 0,
        };
        if (extra == 0
            || variable.Initializer is not { Value: var first }
            || model.GetConstantValue(first, cancellationToken) is not { HasValue: true, Value: int start }
            || model.GetConstantValue(isLeft ? bound.Right : bound.Left, cancellationToken) is not { HasValue: true, Value: int end })
        {
            return null;
        }

        var attempts = (long)end - start + extra;
        var limit = isLeft ? bound.Right : bound.Left;
        return attempts is < 1 or > int.MaxValue ? null
            : attempts == end && limit is IdentifierNameSyntax or MemberAccessExpressionSyntax ? limit.ToString()
            : attempts.ToString(CultureInfo.InvariantCulture);
    }

    private static string ConfigurationIn(TryStatementSyntax attempt) => attempt.OwnNodes().OfType<AwaitExpressionSyntax>()
        .Select(awaited => awaited.Expression as InvocationExpressionSyntax)
        .Where(call => call?.Expression is MemberAccessExpressionSyntax { Name.Identifier.ValueText: "ConfigureAwait" })
        .Select(call => ".ConfigureAwait" + call!.ArgumentList)
        .FirstOrDefault() ?? "";
}
