using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <content>Operations that need something of their own, such as a connection: one for each worker.</content>
public static partial class FanOut
{
    /// <summary>
    /// Runs <paramref name="operation"/> over every item under <paramref name="options"/>, each time with what its worker
    /// has opened, and returns the results in source order. For what must not be used by two operations at once: a
    /// connection, a context of an object-relational mapper.
    /// </summary>
    /// <typeparam name="T">The items.</typeparam>
    /// <typeparam name="TWorker">What each worker opens.</typeparam>
    /// <typeparam name="TResult">The results.</typeparam>
    /// <param name="source">The items. Arrays, <see cref="List{T}"/> and ImmutableArray are read by index, anything
    /// else is enumerated once, on the pool.</param>
    /// <param name="options">The limit and what else governs the run.</param>
    /// <param name="openWorker">Called once for each worker, when it has its first item: at most as often as the limit
    /// says. If it throws, that item has failed, and the worker tries again with its next one. What it gives is disposed
    /// when the worker ends, asynchronously if it can.</param>
    /// <param name="operation">Called once for each item, on the pool, with what the worker has opened and a token that is
    /// cancelled when the run stops early: pass it on.</param>
    /// <param name="cancellationToken">Stops the run: nothing new starts, the operations' token is cancelled, what is
    /// in flight is awaited.</param>
    /// <returns>A task that ends after everything the run started and everything it opened, with one result for each
    /// item, in source order.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null; thrown at the call.</exception>
    /// <exception cref="ArgumentException">The options have an order of completion or a look-ahead, which are for streams, or
    /// a partition of items of another type; thrown at the call.</exception>
    /// <exception cref="FanOutException">From the task: items failed under
    /// <see cref="FailureMode.RunToEnd"/>.</exception>
    /// <exception cref="OperationCanceledException">From the task: <paramref name="cancellationToken"/> was cancelled
    /// before every item had succeeded and, under <see cref="FailureMode.StopAtFirst"/>, before a failure. What failed
    /// is the inner exception.</exception>
    /// <remarks>
    /// What disposing throws ends the run with that error, as if the source had failed. See <see cref="FanOut"/> for the
    /// guarantees. Cost: as without, and what <paramref name="openWorker"/> costs for each worker.
    /// </remarks>
    public static Task<TResult[]> FanOutAsync<T, TWorker, TResult>(
        this IEnumerable<T> source,
        FanOutOptions options,
        Func<CancellationToken, ValueTask<TWorker>> openWorker,
        Func<TWorker, T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, options, Of(openWorker, operation), cancellationToken);

    /// <inheritdoc cref="FanOutAsync{T, TWorker, TResult}(IEnumerable{T}, FanOutOptions, Func{CancellationToken, ValueTask{TWorker}}, Func{TWorker, T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(4)]
    public static Task<TResult[]> FanOutAsync<T, TWorker, TResult>(
        this IAsyncEnumerable<T> source,
        FanOutOptions options,
        Func<CancellationToken, ValueTask<TWorker>> openWorker,
        Func<TWorker, T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, options, Of(openWorker, operation), cancellationToken);
}
