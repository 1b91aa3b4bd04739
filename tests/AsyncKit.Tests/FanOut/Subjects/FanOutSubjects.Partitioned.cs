namespace AsyncKit.Tests;

/// <content>Another subject, with a partition.</content>
public static partial class FanOutSubjects
{
    /// <summary>Each item has a distinct key, so that no key reaches its limit. With a rate each key has a limiter that
    /// permits everything.</summary>
    public sealed class Partitioned(FanOutSubject subject, SourceKind kind, bool isRated = false) : FanOutSubject(kind)
    {
        public override bool IsInSourceOrder => subject.IsInSourceOrder;

        public override Task<TResult[]> FanOutAsync<T, TResult>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask<TResult>> operation,
            CancellationToken cancellationToken) =>
            subject.FanOutAsync(items, KeyPerItem<T>(options, isRated), operation, cancellationToken);

        public override Task FanOutAsync<T>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask> operation,
            CancellationToken cancellationToken) =>
            subject.FanOutAsync(items, KeyPerItem<T>(options, isRated), operation, cancellationToken);
    }

    public static FanOutOptions KeyPerItem<T>(FanOutOptions options, bool isRated = false)
    {
        var key = 0;
        return options with
        {
            Partition = FanOutPartition.By(
                (T _) => Interlocked.Increment(ref key), 1, isRated ? _ => new KeyLimiter { IsIdle = true } : null),
        };
    }
}
