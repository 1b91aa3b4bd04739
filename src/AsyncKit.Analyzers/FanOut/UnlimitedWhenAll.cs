using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>Finds the calls of Task.WhenAll that a fan-out can replace, and those that it should replace.</summary>
internal static class UnlimitedWhenAll
{
    private const int MaxSmall = 16;

    /// <summary>The call, or null if its selector limits itself, starts threads, shares state or needs its thread.</summary>
    public static WhenAllCall? Of(IInvocationOperation call, KnownSymbols symbols) =>
        WhenAllCall.Of(call, symbols) is { Tasks: null } found
        && !ThreadAffinity.MayApply(call)
        && !found.SharesState(symbols)
        && !found.Selector.Descendants().OfType<IInvocationOperation>().Any(inner => LimitsOrStarts(inner.TargetMethod))
        && OuterTokens.AreOne(OuterTokens.UsedBy(found.Selector, found.Boundary, symbols))
            ? found
            : null;

    /// <summary>Whether the selector only reads, and there may be many items.</summary>
    public static bool IsCertain(
        WhenAllCall found, KnownSymbols symbols, ReadVerbs verbs, CancellationToken cancellationToken) =>
        !Sources.IsSmall(found.Source, MaxSmall, cancellationToken)
        && !Sources.IsBatch(found.Source)
        && !symbols.IsTask(found.Select.TargetMethod.TypeArguments[0])
        && !IsTestOfConcurrency(found.Source)
        && !found.IsInOperation(symbols)
        && (found.Lambda is { } lambda
            ? OnlyReads(lambda, call => IsRead(call, found, symbols, verbs))
            : found.Selector is IMethodReferenceOperation { Method: var method, Instance: var instance }
                && verbs.Describe(method)
                && !SerialTypes.MayBeSerial(instance?.Type ?? method.ContainingType, symbols));

    private static bool LimitsOrStarts(IMethodSymbol method) =>
        method.Name is "WaitAsync" or "AcquireAsync" or "WaitOne" or "StartNew" or "EnterAsync" or "LockAsync"
        || method is { Name: "Run", ContainingType.Name: "Task" }
        || method is { Name: "Wait", ContainingType.Name: not "Task" };

    /// <summary>Tests start many calls at once on purpose.</summary>
    private static bool IsTestOfConcurrency(IOperation source) =>
        TestProjects.Contain(source)
        && Sources.Chain(source).Any(part =>
            part is IInvocationOperation { TargetMethod: { Name: "Range" or "Repeat", ContainingType.Name: "Enumerable" } });

    private static bool OnlyReads(IAnonymousFunctionOperation lambda, Func<IInvocationOperation, bool> isRead)
    {
        var own = lambda.Body.OwnDescendants().ToList();
        var calls = lambda.Symbol.IsAsync
            ? own.OfType<IAwaitOperation>().Select(awaited => awaited.AwaitedCall()).ToList()
            : own.OfType<IReturnOperation>().Select(result => TaskOf(result.ReturnedValue)).ToList();
        return calls.Count > 0
            && calls.All(call => call is not null && isRead(call))
            && !own.Any(part => part is ILoopOperation { } loop && loop is IForEachLoopOperation { IsAsynchronous: true });
    }

    private static IInvocationOperation? TaskOf(IOperation? returned)
    {
        var value = returned?.Unwrap();
        return value is IInvocationOperation { TargetMethod.Name: "AsTask", Instance: { } task }
            ? task.Unwrap() as IInvocationOperation
            : value as IInvocationOperation;
    }

    private static bool IsRead(IInvocationOperation call, WhenAllCall found, KnownSymbols symbols, ReadVerbs verbs) =>
        verbs.Describe(call.TargetMethod)
        && call.Descendants().Any(part => part switch
        {
            IParameterReferenceOperation { Parameter: var parameter } => found.Boundary.Declares(parameter),
            ILocalReferenceOperation { Local: var local } => found.Boundary.Declares(local),
            _ => false,
        })
        && !SerialTypes.MayBeSerial(call.Instance?.Type ?? call.TargetMethod.ContainingType, symbols);
}
