using System.Runtime.CompilerServices;

#pragma warning disable CS1573 // The inherited documentation has the other parameters.

namespace AsyncKit;

/// <content>The outcome of every item as a report.</content>
public static partial class FanOut
{
    /// <summary>
    /// Runs <paramref name="operation"/> for every item, at most <paramref name="maxConcurrency"/> at a time, and
    /// returns a report with the outcome of every item. A failed item does not stop the run and is not thrown.
    /// </summary>
    /// <typeparam name="T">The type of the items.</typeparam>
    /// <typeparam name="TResult">The type of the results.</typeparam>
    /// <param name="source">The items. An array, a <see cref="List{T}"/> or an ImmutableArray is read by index. Any
    /// other source is enumerated once, on the thread pool.</param>
    /// <param name="maxConcurrency">The maximum number of operations that run at the same time. At least 1;
    /// <see cref="int.MaxValue"/> for no limit.</param>
    /// <param name="operation">The operation to run for each item, on the thread pool. It receives a token that is
    /// cancelled when the run stops early. Pass the token on.</param>
    /// <param name="cancellationToken">Stops the run: starts no further item, cancels the operations' token and awaits
    /// the operations in flight.</param>
    /// <returns>A task that completes when everything the run started has completed. A failed item, a failed source and
    /// a cancellation do not fault it; they are in the report.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null. Thrown at the call.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxConcurrency"/> is less than 1. Thrown at the
    /// call.</exception>
    /// <remarks>
    /// The guarantees of
    /// <see cref="FanOutAsync{T, TResult}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)">FanOutAsync</see>
    /// apply, except that:
    /// <list type="bullet">
    /// <item>The report contains each item exactly once, as Succeeded, Failed, Cancelled or NotStarted. It contains
    /// every item of an array, a <see cref="List{T}"/> or an ImmutableArray, and the pulled items of any other
    /// source.</item>
    /// <item>The report keeps the finished results if the run is cancelled or the source fails. The task is neither
    /// faulted nor cancelled in these cases.</item>
    /// </list>
    /// Cost: one outcome per item, one or two objects for each worker, and two readings of the clock per item.
    /// </remarks>
    /// <example>
    /// <code>
    /// var report = await urls.FanOutReportAsync(8, (url, token) =&gt; client.GetStringAsync(url, token));
    /// Console.WriteLine($"{report.SucceededCount} succeeded, {report.FailedCount} failed");
    /// </code>
    /// </example>
    [OverloadResolutionPriority(3)]
    public static Task<FanOutReport<T, TResult>> FanOutReportAsync<T, TResult>(
        this IEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        ReportAsync(From(source), Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <summary>
    /// Runs <paramref name="operation"/> for every item with the given <paramref name="options"/> and returns a report
    /// with the outcome of every item. A failed item is not thrown. It stops the run only if
    /// <see cref="FanOutOptions.OnFailure"/> is <see cref="FailureMode.StopAtFirst"/>.
    /// </summary>
    /// <typeparam name="T">The type of the items.</typeparam>
    /// <typeparam name="TResult">The type of the results.</typeparam>
    /// <param name="source">The items. An array, a <see cref="List{T}"/> or an ImmutableArray is read by index. Any
    /// other source is enumerated once, on the thread pool.</param>
    /// <param name="options">The limit and the other settings of the run.</param>
    /// <param name="operation">The operation to run for each item, on the thread pool. It receives a token that is
    /// cancelled when the run stops early. Pass the token on.</param>
    /// <param name="cancellationToken">Stops the run: starts no further item, cancels the operations' token and awaits
    /// the operations in flight.</param>
    /// <returns>A task that completes when everything the run started has completed. A failed item, a failed source and
    /// a cancellation do not fault it; they are in the report.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null. Thrown at the call.</exception>
    /// <exception cref="ArgumentException">The options contradict each other, set an order or a look-ahead that only
    /// streams support, or partition items of another type. Thrown at the call.</exception>
    /// <inheritdoc cref="FanOutReportAsync{T, TResult}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)" path="/remarks"/>
    /// <example>
    /// <code>
    /// var options = new FanOutOptions { MaxConcurrency = 8, ItemTimeout = TimeSpan.FromSeconds(5) };
    /// var report = await urls.FanOutReportAsync(options, (url, token) =&gt; client.GetStringAsync(url, token));
    /// report.ThrowIfAnyFailed();
    /// </code>
    /// </example>
    [OverloadResolutionPriority(3)]
    public static Task<FanOutReport<T, TResult>> FanOutReportAsync<T, TResult>(
        this IEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        ReportAsync(From(source), options, Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutReportAsync{T, TResult}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public static Task<FanOutReport<T, TResult>> FanOutReportAsync<T, TResult>(
        this IEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, Task<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        ReportAsync(From(source), Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutReportAsync{T, TResult}(IEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public static Task<FanOutReport<T, TResult>> FanOutReportAsync<T, TResult>(
        this IEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, Task<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        ReportAsync(From(source), options, Adapt(operation), cancellationToken);

    /// <param name="source">The items. The source is enumerated once, on the thread pool.</param>
    /// <inheritdoc cref="FanOutReportAsync{T, TResult}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)" path="/*[not(self::param[@name='source'])]"/>
    [OverloadResolutionPriority(7)]
    public static Task<FanOutReport<T, TResult>> FanOutReportAsync<T, TResult>(
        this IAsyncEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        ReportAsync(From(source), Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <param name="source">The items. The source is enumerated once, on the thread pool.</param>
    /// <inheritdoc cref="FanOutReportAsync{T, TResult}(IEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)" path="/*[not(self::param[@name='source'])]"/>
    [OverloadResolutionPriority(7)]
    public static Task<FanOutReport<T, TResult>> FanOutReportAsync<T, TResult>(
        this IAsyncEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        ReportAsync(From(source), options, Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutReportAsync{T, TResult}(IAsyncEnumerable{T}, int, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(6)]
    public static Task<FanOutReport<T, TResult>> FanOutReportAsync<T, TResult>(
        this IAsyncEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, Task<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        ReportAsync(From(source), Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutReportAsync{T, TResult}(IAsyncEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(6)]
    public static Task<FanOutReport<T, TResult>> FanOutReportAsync<T, TResult>(
        this IAsyncEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, Task<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        ReportAsync(From(source), options, Adapt(operation), cancellationToken);

    /// <summary>
    /// Runs <paramref name="operation"/> for every item, at most <paramref name="maxConcurrency"/> at a time, and
    /// returns a report with the outcome of every item. A failed item does not stop the run and is not thrown.
    /// </summary>
    /// <typeparam name="T">The type of the items.</typeparam>
    /// <param name="source">The items. An array, a <see cref="List{T}"/> or an ImmutableArray is read by index. Any
    /// other source is enumerated once, on the thread pool.</param>
    /// <param name="maxConcurrency">The maximum number of operations that run at the same time. At least 1;
    /// <see cref="int.MaxValue"/> for no limit.</param>
    /// <param name="operation">The operation to run for each item, on the thread pool. It receives a token that is
    /// cancelled when the run stops early. Pass the token on.</param>
    /// <param name="cancellationToken">Stops the run: starts no further item, cancels the operations' token and awaits
    /// the operations in flight.</param>
    /// <returns>A task that completes when everything the run started has completed. A failed item, a failed source and
    /// a cancellation do not fault it; they are in the report.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null. Thrown at the call.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxConcurrency"/> is less than 1. Thrown at the
    /// call.</exception>
    /// <inheritdoc cref="FanOutReportAsync{T, TResult}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)" path="/remarks"/>
    /// <example>
    /// <code>
    /// var report = await files.FanOutReportAsync(8, async (file, token) =&gt; await UploadAsync(file, token));
    /// foreach (var failure in report.Failures)
    /// {
    ///     Console.WriteLine($"{failure.Item}: {failure.Exception!.Message}");
    /// }
    /// </code>
    /// </example>
    [OverloadResolutionPriority(1)]
    public static Task<FanOutReport<T>> FanOutReportAsync<T>(
        this IEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, ValueTask> operation,
        CancellationToken cancellationToken = default) =>
        ReportAsync(From(source), Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <summary>
    /// Runs <paramref name="operation"/> for every item with the given <paramref name="options"/> and returns a report
    /// with the outcome of every item. A failed item is not thrown. It stops the run only if
    /// <see cref="FanOutOptions.OnFailure"/> is <see cref="FailureMode.StopAtFirst"/>.
    /// </summary>
    /// <typeparam name="T">The type of the items.</typeparam>
    /// <param name="source">The items. An array, a <see cref="List{T}"/> or an ImmutableArray is read by index. Any
    /// other source is enumerated once, on the thread pool.</param>
    /// <param name="options">The limit and the other settings of the run.</param>
    /// <param name="operation">The operation to run for each item, on the thread pool. It receives a token that is
    /// cancelled when the run stops early. Pass the token on.</param>
    /// <param name="cancellationToken">Stops the run: starts no further item, cancels the operations' token and awaits
    /// the operations in flight.</param>
    /// <returns>A task that completes when everything the run started has completed. A failed item, a failed source and
    /// a cancellation do not fault it; they are in the report.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null. Thrown at the call.</exception>
    /// <exception cref="ArgumentException">The options contradict each other, set an order or a look-ahead that only
    /// streams support, or partition items of another type. Thrown at the call.</exception>
    /// <inheritdoc cref="FanOutReportAsync{T, TResult}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)" path="/remarks"/>
    /// <example>
    /// <code>
    /// var options = new FanOutOptions { MaxConcurrency = 8, ItemTimeout = TimeSpan.FromSeconds(5) };
    /// var report = await files.FanOutReportAsync(options, async (file, token) =&gt; await UploadAsync(file, token));
    /// foreach (var failure in report.Failures)
    /// {
    ///     Console.WriteLine($"{failure.Item}: {failure.Exception!.Message}");
    /// }
    /// </code>
    /// </example>
    [OverloadResolutionPriority(1)]
    public static Task<FanOutReport<T>> FanOutReportAsync<T>(
        this IEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, ValueTask> operation,
        CancellationToken cancellationToken = default) =>
        ReportAsync(From(source), options, Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutReportAsync{T}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask}, CancellationToken)"/>
    public static Task<FanOutReport<T>> FanOutReportAsync<T>(
        this IEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, Task> operation,
        CancellationToken cancellationToken = default) =>
        ReportAsync(From(source), Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutReportAsync{T}(IEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask}, CancellationToken)"/>
    public static Task<FanOutReport<T>> FanOutReportAsync<T>(
        this IEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, Task> operation,
        CancellationToken cancellationToken = default) =>
        ReportAsync(From(source), options, Adapt(operation), cancellationToken);

    /// <param name="source">The items. The source is enumerated once, on the thread pool.</param>
    /// <inheritdoc cref="FanOutReportAsync{T}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask}, CancellationToken)" path="/*[not(self::param[@name='source'])]"/>
    [OverloadResolutionPriority(5)]
    public static Task<FanOutReport<T>> FanOutReportAsync<T>(
        this IAsyncEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, ValueTask> operation,
        CancellationToken cancellationToken = default) =>
        ReportAsync(From(source), Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <param name="source">The items. The source is enumerated once, on the thread pool.</param>
    /// <inheritdoc cref="FanOutReportAsync{T}(IEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask}, CancellationToken)" path="/*[not(self::param[@name='source'])]"/>
    [OverloadResolutionPriority(5)]
    public static Task<FanOutReport<T>> FanOutReportAsync<T>(
        this IAsyncEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, ValueTask> operation,
        CancellationToken cancellationToken = default) =>
        ReportAsync(From(source), options, Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutReportAsync{T}(IAsyncEnumerable{T}, int, Func{T, CancellationToken, ValueTask}, CancellationToken)"/>
    [OverloadResolutionPriority(4)]
    public static Task<FanOutReport<T>> FanOutReportAsync<T>(
        this IAsyncEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, Task> operation,
        CancellationToken cancellationToken = default) =>
        ReportAsync(From(source), Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutReportAsync{T}(IAsyncEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask}, CancellationToken)"/>
    [OverloadResolutionPriority(4)]
    public static Task<FanOutReport<T>> FanOutReportAsync<T>(
        this IAsyncEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, Task> operation,
        CancellationToken cancellationToken = default) =>
        ReportAsync(From(source), options, Adapt(operation), cancellationToken);
}
