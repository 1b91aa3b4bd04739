namespace AsyncKit.Tests;

/// <summary>What a contract is held against: a fan-out over one kind of source.</summary>
public abstract class FanOutSubject
{
    /// <summary>True when items are pulled one by one while the run goes on, so that the source may be
    /// endless.</summary>
    public abstract bool IsPulled { get; }

    /// <summary>How many items the source itself may hold ready, beyond what the run has pulled.</summary>
    public virtual int Ahead => 0;

    public abstract Task<TResult[]> FanOutAsync<T, TResult>(
        IEnumerable<T> items,
        FanOutOptions options,
        Func<T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken);

    public abstract Task FanOutAsync<T>(
        IEnumerable<T> items,
        FanOutOptions options,
        Func<T, CancellationToken, ValueTask> operation,
        CancellationToken cancellationToken);
}
