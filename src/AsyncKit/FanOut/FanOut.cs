namespace AsyncKit;

/// <summary>
/// Runs an async operation over many items, at most N at once, as extension methods on <see cref="IEnumerable{T}"/> and
/// <see cref="IAsyncEnumerable{T}"/>.
/// </summary>
/// <remarks>
/// Running:
/// <list type="bullet">
/// <item>Never more operations at once than the limit, and the limit is reached when there is work.</item>
/// <item>Worker loops pull the items; there is never a task per item. Memory is O(limit), in a stream O(look-ahead), so
/// an endless source works. One object or two per worker, none per item.</item>
/// <item>An item is pulled only when it can start, with a partition when there is a slot for it. The source is enumerated
/// once, one MoveNext at a time, disposed exactly once and never while a MoveNextAsync is pending. Arrays, <see cref="List{T}"/> and ImmutableArray are read
/// by index instead, except by streams; a <see cref="List{T}"/> that changes during the run is an <see
/// cref="InvalidOperationException"/>.</item>
/// <item>A slow or blocking MoveNext occupies at most one pool thread.</item>
/// <item>Workers start lazily: three items under a limit of 256 start three, and a source that is pulled one more, to
/// find its end.</item>
/// <item>Neither the operation nor the source ever runs on the caller's thread, under a lock of the library, or inside
/// the caller's Cancel().</item>
/// <item>Each item sees the caller's ExecutionContext as it was at the call, in a stream as it was when the first item
/// was asked for.</item>
/// <item>What a worker opens is opened once, for its first item, used by one operation at a time, and disposed when the
/// worker ends, before the run does.</item>
/// <item>With a partition no key has more operations at once than its limit, the items of a key start in source order, and
/// one whose key is full holds no slot and stops no item of another key.</item>
/// <item>An operation that blocks before its first await delays its own slot only. Fan-outs may be nested.</item>
/// <item>The slot is held while an item waits for its start or for its next attempt.</item>
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
/// <item>A token that is cancelled at the call gives a cancelled task, or a report that says so, and the source is not
/// touched.</item>
/// <item>A failing source, a throwing cancellation callback and an operation that throws before its first await or
/// returns null end the run with that error, and the run always ends.</item>
/// <item>Cancelling costs the same whether ten or a million items wait.</item>
/// <item>No exception of anything the run started stays unobserved, and no registration or token source is left
/// behind.</item>
/// </list>
/// Streams and reports:
/// <list type="bullet">
/// <item>A stream begins when its first item is asked for. Each enumeration is a run of its own.</item>
/// <item>In source order a ready result is handed out at once, also while the source is slow. In the order of completion
/// what finishes first is handed out first.</item>
/// <item>No more than Lookahead items are started beyond the one the reader waits for, so one slow item does not idle the
/// others, and a slow reader stops the pulling.</item>
/// <item>When the run stops, source order hands out everything before the first item that did not succeed, then throws;
/// the order of completion hands out what had finished first.</item>
/// <item>Leaving the enumeration early cancels the operations, waits for them and disposes the source. What fails from
/// then on is not told.</item>
/// <item>Outcomes are one for each item that was started, whatever became of it; only the failure of the source and the
/// cancellation are thrown, after the last one.</item>
/// <item>A report contains every item exactly once, as Succeeded, Failed, Cancelled or, for an array or a list,
/// NotStarted. It keeps what was finished when the run is cancelled or the source fails, and throws for neither.</item>
/// </list>
/// </remarks>
public static partial class FanOut
{
    internal const string IndexDataKey = "AsyncKit.Index";

    private static FanOutOptions Limit(int maxConcurrency) =>
        new() { MaxConcurrency = Guards.AtLeast(maxConcurrency, 1) };

    /// <summary>For reports and outcomes: who asks for every outcome wants every item to run.</summary>
    private static FanOutOptions Every(int maxConcurrency) =>
        Limit(maxConcurrency) with { OnFailure = FailureMode.RunToEnd };

    private static Operation<T, TResult> Of<T, TResult>(Func<T, CancellationToken, ValueTask<TResult>> operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        return new(operation);
    }

    private static Operation<T, TResult> Of<T, TResult>(Func<T, CancellationToken, Task<TResult>> operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        return new((item, token) => DelegateAdapters.AsValueTask(operation(item, token)));
    }

    private static Operation<T, Unit> Of<T>(Func<T, CancellationToken, ValueTask> operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        return new(operation);
    }

    private static Operation<T, Unit> Of<T>(Func<T, CancellationToken, Task> operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        return new((T item, CancellationToken token) => DelegateAdapters.AsValueTask(operation(item, token)));
    }

    private static Operation<T, TResult> Of<T, TWorker, TResult>(
        Func<CancellationToken, ValueTask<TWorker>> openWorker,
        Func<TWorker, T, CancellationToken, ValueTask<TResult>> operation)
    {
        ArgumentNullException.ThrowIfNull(openWorker);
        ArgumentNullException.ThrowIfNull(operation);
        return new(new WorkerOperation<T, TWorker, TResult>(openWorker, operation).RunAsync);
    }
}
