using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <content>A report of every outcome, of operations without a result.</content>
public static partial class FanOut
{
    /// <summary>
    /// Runs <paramref name="operation"/> over every item, at most <paramref name="maxConcurrency"/> at once, and reports
    /// what became of each. A failing item stops nothing.
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
    /// <returns>A task that ends after everything the run started. It does not fail for an item, the source or a
    /// cancellation: that is in the report.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null; thrown at the call.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxConcurrency"/> is less than 1; thrown at the
    /// call.</exception>
    /// <remarks>
    /// See <see cref="FanOut"/> for the guarantees. Cost: the outcomes, one or two objects for each worker, two readings of
    /// the clock per item.
    /// </remarks>
    [OverloadResolutionPriority(1)]
    public static Task<FanOutReport<T>> FanOutReportAsync<T>(
        this IEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, ValueTask> operation,
        CancellationToken cancellationToken = default) =>
        ReportAsync(source, Every(maxConcurrency), Of(operation), cancellationToken);

    /// <summary>
    /// Runs <paramref name="operation"/> over every item under <paramref name="options"/> and reports what became of each.
    /// Whether a failing item stops the run is for the options to say.
    /// </summary>
    /// <typeparam name="T">The items.</typeparam>
    /// <param name="source">The items. Arrays, <see cref="List{T}"/> and ImmutableArray are read by index, anything
    /// else is enumerated once, on the pool.</param>
    /// <param name="options">The limit and what else governs the run.</param>
    /// <param name="operation">Called once for each item, on the pool, with a token that is cancelled when the run
    /// stops early: pass it on.</param>
    /// <param name="cancellationToken">Stops the run: nothing new starts, the operations' token is cancelled, what is
    /// in flight is awaited.</param>
    /// <returns>A task that ends after everything the run started. It does not fail for an item, the source or a
    /// cancellation: that is in the report.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null; thrown at the call.</exception>
    /// <exception cref="ArgumentException">The options have an order of completion or a look-ahead, which are for streams, or
    /// a partition of items of another type; thrown at the call.</exception>
    /// <remarks>
    /// See <see cref="FanOut"/> for the guarantees. Cost: the outcomes, one or two objects for each worker, two readings of
    /// the clock per item.
    /// </remarks>
    [OverloadResolutionPriority(1)]
    public static Task<FanOutReport<T>> FanOutReportAsync<T>(
        this IEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, ValueTask> operation,
        CancellationToken cancellationToken = default) =>
        ReportAsync(source, options, Of(operation), cancellationToken);

    /// <inheritdoc cref="FanOutReportAsync{T}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask}, CancellationToken)"/>
    public static Task<FanOutReport<T>> FanOutReportAsync<T>(
        this IEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, Task> operation,
        CancellationToken cancellationToken = default) =>
        ReportAsync(source, Every(maxConcurrency), Of(operation), cancellationToken);

    /// <inheritdoc cref="FanOutReportAsync{T}(IEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask}, CancellationToken)"/>
    public static Task<FanOutReport<T>> FanOutReportAsync<T>(
        this IEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, Task> operation,
        CancellationToken cancellationToken = default) =>
        ReportAsync(source, options, Of(operation), cancellationToken);

    /// <inheritdoc cref="FanOutReportAsync{T}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask}, CancellationToken)"/>
    [OverloadResolutionPriority(5)]
    public static Task<FanOutReport<T>> FanOutReportAsync<T>(
        this IAsyncEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, ValueTask> operation,
        CancellationToken cancellationToken = default) =>
        ReportAsync(source, Every(maxConcurrency), Of(operation), cancellationToken);

    /// <inheritdoc cref="FanOutReportAsync{T}(IEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask}, CancellationToken)"/>
    [OverloadResolutionPriority(5)]
    public static Task<FanOutReport<T>> FanOutReportAsync<T>(
        this IAsyncEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, ValueTask> operation,
        CancellationToken cancellationToken = default) =>
        ReportAsync(source, options, Of(operation), cancellationToken);

    /// <inheritdoc cref="FanOutReportAsync{T}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask}, CancellationToken)"/>
    [OverloadResolutionPriority(4)]
    public static Task<FanOutReport<T>> FanOutReportAsync<T>(
        this IAsyncEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, Task> operation,
        CancellationToken cancellationToken = default) =>
        ReportAsync(source, Every(maxConcurrency), Of(operation), cancellationToken);

    /// <inheritdoc cref="FanOutReportAsync{T}(IEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask}, CancellationToken)"/>
    [OverloadResolutionPriority(4)]
    public static Task<FanOutReport<T>> FanOutReportAsync<T>(
        this IAsyncEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, Task> operation,
        CancellationToken cancellationToken = default) =>
        ReportAsync(source, options, Of(operation), cancellationToken);
}
