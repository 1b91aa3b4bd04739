namespace AsyncKit.Tests;

/// <summary>The subject of a contract: one entry point over one kind of source. Its results are returned as a task of
/// an array.</summary>
public abstract class FanOutSubject(SourceKind kind)
{
    /// <inheritdoc cref="SourceKind.IsPulled"/>
    public bool IsPulled => Kind.IsPulled;

    /// <inheritdoc cref="SourceKind.Ahead"/>
    public int Ahead => Kind.Ahead;

    /// <summary>False if results are yielded in the order of completion.</summary>
    public virtual bool IsInSourceOrder => true;

    /// <summary>False if each operation receives its own token, which may be reused for later operations.</summary>
    public virtual bool IsTokenTheRuns => true;

    protected SourceKind Kind { get; } = kind;

    public abstract Task<TResult[]> FanOutAsync<T, TResult>(
        IEnumerable<T> items,
        FanOutOptions options,
        Func<T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken);

    public virtual Task FanOutAsync<T>(
        IEnumerable<T> items,
        FanOutOptions options,
        Func<T, CancellationToken, ValueTask> operation,
        CancellationToken cancellationToken)
    {
        return FanOutAsync(items, options, (item, token) => ZeroAsync(operation(item, token)), cancellationToken);

        static async ValueTask<int> ZeroAsync(ValueTask task)
        {
            await task;
            return 0;
        }
    }

    /// <summary>Returns a task that fails with this exception. It is cancelled only if the exception has the caller's
    /// token.</summary>
    protected static Task<TResult[]> EndedWith<TResult>(Exception exception, CancellationToken callerToken)
    {
        if (exception is OperationCanceledException cancelled && callerToken.IsCancellationRequested
            && cancelled.CancellationToken == callerToken)
        {
            var builder = AsyncTaskMethodBuilder<TResult[]>.Create();
            var task = builder.Task;
            builder.SetException(exception);
            return task;
        }

        return Task.FromException<TResult[]>(exception);
    }
}
