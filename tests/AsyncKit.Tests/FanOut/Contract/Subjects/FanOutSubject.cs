namespace AsyncKit.Tests;

/// <summary>What a contract is held against: one way to call a fan-out, over one kind of source. What it gives back is
/// told as if it were a task of an array.</summary>
public abstract class FanOutSubject(SourceKind kind)
{
    /// <inheritdoc cref="SourceKind.IsPulled"/>
    public bool IsPulled => Kind.IsPulled;

    /// <inheritdoc cref="SourceKind.Ahead"/>
    public int Ahead => Kind.Ahead;

    /// <summary>False when results come as they finish.</summary>
    public virtual bool IsInSourceOrder => true;

    /// <summary>False when operations get a token of their own, which may serve others after them.</summary>
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

    /// <summary>A task that has ended with this very exception: cancelled only by the caller's token.</summary>
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
