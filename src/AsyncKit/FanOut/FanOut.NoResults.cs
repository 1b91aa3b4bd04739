using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <content>Operations without a result.</content>
public static partial class FanOut
{
    /// <summary>
    /// Runs <paramref name="operation"/> over every item, at most <paramref name="maxConcurrency"/> at once.
    /// </summary>
    /// <typeparam name="T">The items.</typeparam>
    /// <param name="source">The items. Arrays, <see cref="List{T}"/> and ImmutableArray are read by index, anything
    /// else is enumerated once, on the pool.</param>
    /// <param name="maxConcurrency">The most operations at once: at least 1, <see cref="int.MaxValue"/> for no
    /// limit.</param>
    /// <param name="operation">Called once for each item, on the pool, with a token that is cancelled when the run
    /// stops early: pass it on.</param>
    /// <param name="cancellationToken">Stops the run: nothing new starts, the operations' token is cancelled, what is
    /// in flight is awaited.</param>
    /// <returns>A task that ends after everything the run started.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null; thrown at the call.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxConcurrency"/> is less than 1; thrown at the
    /// call.</exception>
    /// <exception cref="OperationCanceledException">From the task: <paramref name="cancellationToken"/> was cancelled
    /// before a failure and before every item had succeeded. Failures after it are the inner exception.</exception>
    /// <remarks>
    /// The first failure stops the run and is thrown by await as it is; see <see cref="FanOut"/> for the guarantees.
    /// Cost: one or two objects for each worker that had work, nothing per item beyond what
    /// <paramref name="operation"/> allocates.
    /// </remarks>
    [OverloadResolutionPriority(1)]
    public static Task FanOutAsync<T>(
        this IEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, ValueTask> operation,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, Limit(maxConcurrency), Of(operation), cancellationToken);

    /// <summary>Runs <paramref name="operation"/> over every item under <paramref name="options"/>.</summary>
    /// <typeparam name="T">The items.</typeparam>
    /// <param name="source">The items. Arrays, <see cref="List{T}"/> and ImmutableArray are read by index, anything
    /// else is enumerated once, on the pool.</param>
    /// <param name="options">The limit and what else governs the run.</param>
    /// <param name="operation">Called once for each item, on the pool, with a token that is cancelled when the run
    /// stops early: pass it on.</param>
    /// <param name="cancellationToken">Stops the run: nothing new starts, the operations' token is cancelled, what is
    /// in flight is awaited.</param>
    /// <returns>A task that ends after everything the run started.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null; thrown at the call.</exception>
    /// <exception cref="ArgumentException">The options have an order of completion or a look-ahead, which are for streams, or
    /// a partition of items of another type; thrown at the call.</exception>
    /// <exception cref="FanOutException">From the task: items failed under
    /// <see cref="FailureMode.RunToEnd"/>.</exception>
    /// <exception cref="OperationCanceledException">From the task: <paramref name="cancellationToken"/> was cancelled
    /// before every item had succeeded and, under <see cref="FailureMode.StopAtFirst"/>, before a failure. What failed
    /// is the inner exception.</exception>
    /// <remarks>
    /// Under <see cref="FailureMode.StopAtFirst"/> the first failure stops the run and is thrown by await as it is; see
    /// <see cref="FanOut"/> for the guarantees. Cost: one or two objects for each worker that had work, nothing per
    /// item beyond what <paramref name="operation"/> allocates.
    /// </remarks>
    [OverloadResolutionPriority(1)]
    public static Task FanOutAsync<T>(
        this IEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, ValueTask> operation,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, options, Of(operation), cancellationToken);

    /// <inheritdoc cref="FanOutAsync{T}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask}, CancellationToken)"/>
    public static Task FanOutAsync<T>(
        this IEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, Task> operation,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, Limit(maxConcurrency), Of(operation), cancellationToken);

    /// <inheritdoc cref="FanOutAsync{T}(IEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask}, CancellationToken)"/>
    public static Task FanOutAsync<T>(
        this IEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, Task> operation,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, options, Of(operation), cancellationToken);

    /// <inheritdoc cref="FanOutAsync{T}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask}, CancellationToken)"/>
    [OverloadResolutionPriority(5)]
    public static Task FanOutAsync<T>(
        this IAsyncEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, ValueTask> operation,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, Limit(maxConcurrency), Of(operation), cancellationToken);

    /// <inheritdoc cref="FanOutAsync{T}(IEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask}, CancellationToken)"/>
    [OverloadResolutionPriority(5)]
    public static Task FanOutAsync<T>(
        this IAsyncEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, ValueTask> operation,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, options, Of(operation), cancellationToken);

    /// <inheritdoc cref="FanOutAsync{T}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask}, CancellationToken)"/>
    [OverloadResolutionPriority(4)]
    public static Task FanOutAsync<T>(
        this IAsyncEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, Task> operation,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, Limit(maxConcurrency), Of(operation), cancellationToken);

    /// <inheritdoc cref="FanOutAsync{T}(IEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask}, CancellationToken)"/>
    [OverloadResolutionPriority(4)]
    public static Task FanOutAsync<T>(
        this IAsyncEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, Task> operation,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, options, Of(operation), cancellationToken);
}
