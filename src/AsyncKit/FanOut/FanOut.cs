namespace AsyncKit;

/// <summary>
/// Runs an async operation over many items, at most N at once, as extension methods on <see cref="IEnumerable{T}"/> and
/// <see cref="IAsyncEnumerable{T}"/>.
/// </summary>
/// <remarks>
/// Running:
/// <list type="bullet">
/// <item>Never more operations at once than the limit, and the limit is reached when there is work.</item>
/// <item>Worker loops pull the items; there is never a task per item. Memory is O(limit), so an endless source works.
/// One object or two per worker, none per item.</item>
/// <item>An item is pulled only when it can start. The source is enumerated once, one MoveNext at a time, disposed
/// exactly once and never while a MoveNextAsync is pending. Arrays, <see cref="List{T}"/> and ImmutableArray are read
/// by index instead; a <see cref="List{T}"/> that changes during the run is an
/// <see cref="InvalidOperationException"/>.</item>
/// <item>A slow or blocking MoveNext occupies at most one pool thread.</item>
/// <item>Workers start lazily: three items under a limit of 256 start three, and a source that is pulled one more, to
/// find its end.</item>
/// <item>Neither the operation nor the source ever runs on the caller's thread, under a lock of the library, or inside
/// the caller's Cancel().</item>
/// <item>Each item sees the caller's ExecutionContext as it was at the call.</item>
/// <item>An operation that blocks before its first await delays its own slot only. Fan-outs may be nested.</item>
/// </list>
/// Ending:
/// <list type="bullet">
/// <item>No task ends while something the run started is still running.</item>
/// <item><see cref="FailureMode.StopAtFirst"/>: the first failure cancels the token given to the operations, nothing
/// new is pulled or started, what is in flight is awaited; then await throws that first exception itself. Further ones
/// are in the task's Exception. The item's index is in <c>exception.Data["AsyncKit.Index"]</c>.</item>
/// <item><see cref="FailureMode.RunToEnd"/>: every item runs; afterwards one flat <see cref="FanOutException"/>
/// with every failure in source order.</item>
/// <item>An <see cref="OperationCanceledException"/> counts as cancellation only when the caller's token is cancelled
/// or the run's own token was, by an earlier failure. Any other, such as HttpClient's timeout, is a failure.</item>
/// <item>Cancellations that the run caused itself never appear beside the cause.</item>
/// <item>The first cause decides. A failure before the caller's cancellation faults the task. The caller's cancellation
/// first gives an <see cref="OperationCanceledException"/> with the caller's token; failures after it are its inner
/// exception. If every item had succeeded and the source had ended before the cancellation was seen, the run has
/// succeeded.</item>
/// <item>A token that is cancelled at the call gives a cancelled task, and the source is not touched.</item>
/// <item>A failing source, a throwing cancellation callback and an operation that throws before its first await or
/// returns null end the run with that error, and the run always ends.</item>
/// <item>Cancelling costs the same whether ten or a million items wait.</item>
/// <item>No exception of anything the run started stays unobserved, and no registration or token source is left
/// behind.</item>
/// </list>
/// </remarks>
public static partial class FanOut
{
    internal const string IndexDataKey = "AsyncKit.Index";

    internal static int CheckLimit(int value, string name) => value >= 1
        ? value
        : throw new ArgumentOutOfRangeException(
            name, value, $"{name} must be at least 1; int.MaxValue means unbounded, on purpose.");

    private static FanOutOptions Limit(int maxConcurrency) =>
        new() { MaxConcurrency = CheckLimit(maxConcurrency, nameof(maxConcurrency)) };

    private static Operation<T, TResult> Of<T, TResult>(Func<T, CancellationToken, ValueTask<TResult>> operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        return new(operation);
    }

    private static Operation<T, TResult> Of<T, TResult>(Func<T, CancellationToken, Task<TResult>> operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        return new((item, token) => new ValueTask<TResult>(operation(item, token) ?? throw NullTask()));
    }

    private static Operation<T, Nothing> Of<T>(Func<T, CancellationToken, ValueTask> operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        return new(operation);
    }

    private static Operation<T, Nothing> Of<T>(Func<T, CancellationToken, Task> operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        return new((T item, CancellationToken token) => new ValueTask(operation(item, token) ?? throw NullTask()));
    }

    private static InvalidOperationException NullTask() => new("The operation returned null instead of a Task.");

    private static Task<TResult[]> RunAsync<T, TResult>(
        IEnumerable<T> source,
        FanOutOptions options,
        Operation<T, TResult> operation,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(options);
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<TResult[]>(cancellationToken);
        }

        var indexed = IndexedSource<T>.TryCreate(source);
        var pulled = indexed is null ? new EnumerableSource<T>(source) : null;
        return indexed is { Count: 0 }
            ? Task.FromResult(Array.Empty<TResult>())
            : new FanOutRun<T, TResult>(indexed, pulled, operation, options, cancellationToken).RunAsync();
    }

    private static Task<TResult[]> RunAsync<T, TResult>(
        IAsyncEnumerable<T> source,
        FanOutOptions options,
        Operation<T, TResult> operation,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(options);
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<TResult[]>(cancellationToken);
        }

        var pulled = new AsyncEnumerableSource<T>(source);
        return new FanOutRun<T, TResult>(null, pulled, operation, options, cancellationToken).RunAsync();
    }
}
