namespace AsyncKit.Tests;

/// <content>Another subject, with a partition.</content>
public static partial class FanOutSubjects
{
    /// <summary>Each item has a distinct key, so that no key reaches its limit.</summary>
    public sealed class Partitioned(FanOutSubject subject, SourceKind kind) : FanOutSubject(kind)
    {
        public override bool IsInSourceOrder => subject.IsInSourceOrder;

        public override Task<TResult[]> FanOutAsync<T, TResult>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask<TResult>> operation,
            CancellationToken cancellationToken) =>
            subject.FanOutAsync(items, KeyPerItem<T>(options), operation, cancellationToken);

        public override Task FanOutAsync<T>(
            IEnumerable<T> items,
            FanOutOptions options,
            Func<T, CancellationToken, ValueTask> operation,
            CancellationToken cancellationToken) =>
            subject.FanOutAsync(items, KeyPerItem<T>(options), operation, cancellationToken);
    }

    public static FanOutOptions KeyPerItem<T>(FanOutOptions options)
    {
        var key = 0;
        return options with { Partition = FanOutPartition.By((T _) => Interlocked.Increment(ref key), 1) };
    }
}
