using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>AK0010: a loop that retries an operation a limited number of times, with a delay in between.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class HandwrittenRetryAnalyzer() : RuleAnalyzer(Rules.HandwrittenRetry)
{
    private protected override void Register(CompilationStartAnalysisContext context, KnownSymbols symbols) =>
        context.RegisterOperationAction(
            operation =>
            {
                var loop = (ILoopOperation)operation.Operation;
                if (IsRetry(loop, symbols) && KeywordOf(loop.Syntax) is { } keyword)
                {
                    operation.ReportDiagnostic(Report(keyword.GetLocation()));
                }
            },
            OperationKind.Loop);

    private static SyntaxToken? KeywordOf(SyntaxNode loop) => loop switch
    {
        ForStatementSyntax statement => statement.ForKeyword,
        WhileStatementSyntax statement => statement.WhileKeyword,
        _ => null,
    };

    internal static bool IsRetry(ILoopOperation loop, KnownSymbols symbols)
    {
        var (isLoop, condition) = loop switch
        {
            IForLoopOperation each => (true, each.Condition),
            IWhileLoopOperation each => (each.ConditionIsTop, each.Condition),
            _ => (false, null),
        };
        if (!isLoop
            || (loop.Body is IBlockOperation { Operations: { Length: 1 } only } ? only[0] : loop.Body) is not ITryOperation attempt
            || !EndsTheLoop(attempt.Body.Operations.LastOrDefault(), loop))
        {
            return false;
        }

        var isEndless = condition is null || condition.ConstantValue is { HasValue: true, Value: true };
        var counter = isEndless ? null : CounterIn(condition, loop);
        return (isEndless || counter is not null)
            && attempt.Catches.Any(failure => Waits(failure.Handler, loop, symbols)
                && (counter ?? CounterIn(failure.Filter, loop)) is { } attempts
                && !SelectsWork(attempt.Body, attempts));
    }

    private static bool EndsTheLoop(IOperation? last, ILoopOperation loop) => last is IReturnOperation || Leaves(last, loop);

    private static bool Leaves(IOperation? operation, ILoopOperation loop) =>
        operation is IBranchOperation { BranchKind: BranchKind.Break } branch
        && SymbolEqualityComparer.Default.Equals(branch.Target, loop.ExitLabel);

    /// <summary>The variable that a condition compares and the loop counts, or null.</summary>
    private static ISymbol? CounterIn(IOperation? condition, ILoopOperation loop) => condition?.DescendantsAndSelf()
        .OfType<IBinaryOperation>()
        .Where(comparison => comparison.OperatorKind is BinaryOperatorKind.LessThan or BinaryOperatorKind.LessThanOrEqual
            or BinaryOperatorKind.GreaterThan or BinaryOperatorKind.GreaterThanOrEqual or BinaryOperatorKind.NotEquals)
        .SelectMany(comparison => new[] { comparison.LeftOperand, comparison.RightOperand })
        .Select(operand => VariableOf(operand.Unwrap() is IIncrementOrDecrementOperation step ? step.Target : operand))
        .FirstOrDefault(variable => variable is not null && IsCounted(variable, loop));

    private static bool IsCounted(ISymbol variable, ILoopOperation loop) => loop.Descendants().Any(operation => operation switch
    {
        IIncrementOrDecrementOperation step => AreSame(VariableOf(step.Target), variable),
        ICompoundAssignmentOperation sum => AreSame(VariableOf(sum.Target), variable) && sum.Value.Unwrap().ConstantValue.HasValue,
        _ => false,
    });

    private static ISymbol? VariableOf(IOperation operation) => operation.Unwrap() switch
    {
        ILocalReferenceOperation { Local: var local } => local,
        IParameterReferenceOperation { Parameter: var parameter } => parameter,
        _ => null,
    };

    private static bool AreSame(ISymbol? one, ISymbol other) => SymbolEqualityComparer.Default.Equals(one, other);

    /// <summary>Whether a handler delays the next attempt, awaits nothing else, and never leaves the loop.</summary>
    private static bool Waits(IBlockOperation handler, ILoopOperation loop, KnownSymbols symbols)
    {
        var own = handler.OwnDescendants().ToList();
        var awaits = own.OfType<IAwaitOperation>().ToList();
        return awaits.Count > 0
            && awaits.TrueForAll(awaited => IsDelay(awaited, symbols))
            && !own.Exists(operation => operation is IReturnOperation || Leaves(operation, loop))
            && handler.Operations.LastOrDefault() is not IThrowOperation;
    }

    private static bool IsDelay(IAwaitOperation awaited, KnownSymbols symbols)
    {
        var value = awaited.Operation.Unwrap();
        if (value is IInvocationOperation { TargetMethod.Name: "ConfigureAwait", Instance: { } configured })
        {
            value = configured.Unwrap();
        }

        return value is IInvocationOperation { TargetMethod.Name: "Delay" } delay
            && symbols.OwnerOf(delay.TargetMethod) is KnownSymbols.Task;
    }

    /// <summary>Whether the attempts may differ, for example because the counter is an index. A call whose result is
    /// dropped, such as one that logs, may use the counter.</summary>
    private static bool SelectsWork(IBlockOperation attempt, ISymbol counter) => attempt.Descendants()
        .Where(use => use is ILocalReferenceOperation or IParameterReferenceOperation && AreSame(VariableOf(use), counter))
        .Any(use => !use.AncestorsUpTo(attempt).Any(ancestor =>
            ancestor is IInvocationOperation { Parent: IExpressionStatementOperation }));
}
