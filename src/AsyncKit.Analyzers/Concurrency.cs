using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace AsyncKit.Analyzers;

/// <summary>Decides whether several calls of a lambda can run at the same time.</summary>
internal static class Concurrency
{
    /// <summary>With this reference, an AsyncTest may run the code, all operations on one thread.</summary>
    private const string Testing = "AsyncKit.Testing";

    /// <summary>Whether another call of the lambda can run the expression at the same time. False if the limit is not
    /// known.</summary>
    public static bool IsConcurrent(IOperation expression, IAnonymousFunctionOperation lambda, KnownSymbols symbols) =>
        (OperationCall.Of(lambda, symbols) is { } owner
            ? (owner.IsFanOut && HasConcurrentLimit(owner)) || (owner.IsParallel && IsConcurrentLoop(owner))
            : IsSelectorOfWhenAll(lambda, symbols)
                && IsAfterAnAwait(expression, lambda)
                && !ThreadAffinity.MayApply(expression))
        && !expression.References(Testing);

    private static bool HasConcurrentLimit(OperationCall owner)
    {
        if (owner.ArgumentOf(KnownSymbols.BlockingLane) is not null)
        {
            return false;
        }

        if (owner.ArgumentOf(KnownSymbols.FanOutOptions) is not { } options)
        {
            return !owner.Limit().IsConstant(1);
        }

        return options.CreationOf() is { } creation
            && creation.ValueOf("Gate") is null
            && creation.ValueOf("Partition") is null
            && creation.ValueOf("Pipeline") is null
            && (creation.ValueOf("MaxConcurrency") ?? creation.Arguments.FirstOrDefault()?.Value) is { } limit
            && !limit.IsConstant(1);
    }

    private static IOperation? Limit(this OperationCall owner) => owner.Call.Arguments
        .FirstOrDefault(argument => argument.Parameter?.Name is "maxConcurrency" or "maxThreads")?.Value;

    private static bool IsConcurrentLoop(OperationCall owner)
    {
        if (owner.ArgumentOf(KnownSymbols.ParallelOptions) is not { } options)
        {
            return true;
        }

        return options.CreationOf() is { } creation
            && creation.ValueOf("TaskScheduler") is null
            && !creation.ValueOf("MaxDegreeOfParallelism").IsConstant(1);
    }

    /// <summary>Task.WhenAll(source.Select(lambda)), directly or through ToArray or ToList.</summary>
    public static bool IsSelectorOfWhenAll(IAnonymousFunctionOperation lambda, KnownSymbols symbols)
    {
        if (lambda.Parent is not IDelegateCreationOperation created
            || CallWith(created) is not { TargetMethod.Name: "Select" } select
            || symbols.OwnerOf(select.TargetMethod) is not KnownSymbols.Enumerable)
        {
            return false;
        }

        var user = CallWith(select);
        if (user is { TargetMethod.Name: "ToArray" or "ToList" } && symbols.OwnerOf(user.TargetMethod) is KnownSymbols.Enumerable)
        {
            user = CallWith(user);
        }

        return user is { TargetMethod.Name: "WhenAll" } && symbols.OwnerOf(user.TargetMethod) is KnownSymbols.Task;
    }

    /// <summary>The call that a value is an argument of, or null.</summary>
    private static IInvocationOperation? CallWith(IOperation value) =>
        value.UsedBy() is IArgumentOperation { Parent: IInvocationOperation call } ? call : null;

    /// <summary>Until its first await a selector runs inside the enumeration, one item after another.</summary>
    private static bool IsAfterAnAwait(IOperation expression, IAnonymousFunctionOperation lambda) =>
        lambda.OwnDescendants().OfType<IAwaitOperation>().Any(awaited =>
            awaited.Syntax.Span.End <= expression.Syntax.SpanStart
            || expression.Syntax.Span.Contains(awaited.Syntax.Span));
}
