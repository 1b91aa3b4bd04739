using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>A call of <c>Task.WhenAny</c> with a variable and a delay.</summary>
internal sealed class TimeoutRace
{
    private readonly IInvocationOperation _call;
    private readonly IOperation _task;
    private readonly IOperation _delay;

    private TimeoutRace(IInvocationOperation call, IOperation task, IOperation delay)
    {
        _call = call;
        _task = task;
        _delay = delay;
    }

    public static TimeoutRace? Of(IInvocationOperation call, KnownSymbols symbols)
    {
        if (call.TargetMethod.Name is not "WhenAny"
            || symbols.OwnerOf(call.TargetMethod) is not KnownSymbols.Task
            || call.Arguments.Length != 2)
        {
            return null;
        }

        var (first, second) = (call.Arguments[0].Value.Unwrap(), call.Arguments[1].Value.Unwrap());
        return IsVariable(first) && IsDelay(second, symbols) ? new(call, first, second)
            : IsVariable(second) && IsDelay(first, symbols) ? new(call, second, first)
            : null;
    }

    /// <summary>Whether a comparison of the winner decides whether a TimeoutException is thrown, and nothing
    /// else is done after the timeout.</summary>
    public bool ThrowsOnTimeout(KnownSymbols symbols)
    {
        if (_call.AwaitOf() is not { } awaited || Comparison(awaited) is not { } comparison)
        {
            return false;
        }

        var other = comparison.LeftOperand.Unwrap() is var left && (left == awaited || IsWinner(left, awaited))
            ? comparison.RightOperand.Unwrap()
            : left;
        if (!AreSame(other, _task) && !AreSame(other, _delay))
        {
            return false;
        }

        var isTimeout = AreSame(other, _delay) == (comparison.OperatorKind == BinaryOperatorKind.Equals);
        IOperation condition = comparison;
        while (condition.UsedBy() is IUnaryOperation { OperatorKind: UnaryOperatorKind.Not } not)
        {
            (condition, isTimeout) = (not, !isTimeout);
        }

        return condition.UsedBy() is IConditionalOperation conditional
            && conditional.Condition.Unwrap() == condition
            && IsThrow(isTimeout ? conditional.WhenTrue : OtherBranch(conditional), symbols);
    }

    /// <summary>Whether the function only awaits the task and reads its result, so that no other code observes
    /// it.</summary>
    public bool OnlyAwaitsItsTask() => _call.Root().DescendantsAndSelf()
        .Where(use => use != _task && AreSame(use, _task))
        .All(use => use.Function() == _call.Function() && IsPlainUse(use));

    private static bool IsVariable(IOperation operation) => operation is ILocalReferenceOperation or IParameterReferenceOperation;

    private static bool IsDelay(IOperation operation, KnownSymbols symbols) =>
        (operation as IInvocationOperation ?? operation.InitialValueOfLocal()) is IInvocationOperation { TargetMethod.Name: "Delay" } delay
        && symbols.OwnerOf(delay.TargetMethod) is KnownSymbols.Task;

    private static bool AreSame(IOperation one, IOperation other) => IsVariable(one) && Semaphores.AreSame(one, other);

    /// <summary>The comparison of the winner, directly or through a local that is used once, in the next
    /// statement.</summary>
    private static IBinaryOperation? Comparison(IAwaitOperation awaited)
    {
        if (awaited.UsedBy() is IBinaryOperation direct)
        {
            return AsComparison(direct);
        }

        if (LocalOf(awaited) is not { } winner)
        {
            return null;
        }

        var uses = awaited.Root().Descendants().OfType<ILocalReferenceOperation>()
            .Where(use => SymbolEqualityComparer.Default.Equals(use.Local, winner)).ToList();
        return uses.Count == 1 && IsInNextStatement(uses[0], awaited) ? AsComparison(uses[0].UsedBy() as IBinaryOperation) : null;
    }

    private static bool IsInNextStatement(IOperation use, IAwaitOperation awaited)
    {
        var statement = awaited.AncestorsUpTo(awaited.Function()).FirstOrDefault(ancestor => ancestor.Parent is IBlockOperation);
        return statement?.Parent is IBlockOperation block
            && block.Operations.ElementAtOrDefault(block.Operations.IndexOf(statement) + 1) is { } next
            && next.Descendants().Contains(use);
    }

    private static IBinaryOperation? AsComparison(IBinaryOperation? operation) =>
        operation is { OperatorKind: BinaryOperatorKind.Equals or BinaryOperatorKind.NotEquals } ? operation : null;

    private static ILocalSymbol? LocalOf(IAwaitOperation awaited) =>
        awaited.UsedBy() is IVariableInitializerOperation { Parent: IVariableDeclaratorOperation declarator } ? declarator.Symbol : null;

    private static bool IsWinner(IOperation operation, IAwaitOperation awaited) =>
        operation is ILocalReferenceOperation reference
        && LocalOf(awaited) is { } winner
        && SymbolEqualityComparer.Default.Equals(reference.Local, winner);

    /// <summary>The else branch, or the statement after an if that leaves the block.</summary>
    private static IOperation? OtherBranch(IConditionalOperation conditional)
    {
        if (conditional.WhenFalse is { } branch)
        {
            return branch;
        }

        return Leaves(conditional.WhenTrue) && conditional.Parent is IBlockOperation block
            ? block.Operations.SkipWhile(statement => statement != conditional).Skip(1).FirstOrDefault()
            : null;
    }

    private static bool Leaves(IOperation branch) => branch switch
    {
        IBlockOperation block => block.Operations.LastOrDefault() is { } last && Leaves(last),
        _ => branch is IReturnOperation,
    };

    private static bool IsThrow(IOperation? branch, KnownSymbols symbols)
    {
        while (branch is IBlockOperation { Operations.Length: 1 } or IExpressionStatementOperation or IConversionOperation)
        {
            branch = branch switch
            {
                IBlockOperation block => block.Operations[0],
                IExpressionStatementOperation statement => statement.Operation,
                _ => ((IConversionOperation)branch).Operand,
            };
        }

        return branch is IThrowOperation { Exception: { } exception }
            && exception.Unwrap() is IObjectCreationOperation creation
            && symbols.Is(creation.Type, KnownSymbols.TimeoutException);
    }

    /// <summary>A use that neither observes the task later nor passes it to code that may.</summary>
    private static bool IsPlainUse(IOperation use)
    {
        if (use.AncestorsUpTo(use.Function()).Any(ancestor => ancestor is ICatchClauseOperation
            || (ancestor.Parent is ITryOperation { Finally: { } cleanup } && cleanup == ancestor)))
        {
            return false;
        }

        return use.UsedBy() switch
        {
            IAwaitOperation or IBinaryOperation or IPropertyReferenceOperation or IIsPatternOperation => true,
            IArgumentOperation { Parent: IInvocationOperation { TargetMethod.ContainingType.Name: "ArgumentNullException" } } => true,
            ISimpleAssignmentOperation assignment => assignment.Target == use && assignment.UsedBy() is IExpressionStatementOperation,
            IInvocationOperation call => call.Instance?.Unwrap() == use && call.TargetMethod.Name is "ConfigureAwait" or "GetAwaiter",
            _ => false,
        };
    }
}
