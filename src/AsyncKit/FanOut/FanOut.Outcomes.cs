using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <content>Outcomes as a stream.</content>
public static partial class FanOut
{
    /// <summary>
    /// Runs <paramref name="operation"/> for every item, at most <paramref name="maxConcurrency"/> at a time, and
    /// yields the outcome of each in source order while the run continues. A failed item does not stop the run.
    /// </summary>
    /// <typeparam name="T">The type of the items.</typeparam>
    /// <typeparam name="TResult">The type of the results.</typeparam>
    /// <param name="source">The items. The source is enumerated on the thread pool, once per enumeration of the
    /// stream.</param>
    /// <param name="maxConcurrency">The maximum number of operations that run at the same time. At least 1;
    /// <see cref="int.MaxValue"/> for no limit.</param>
    /// <param name="operation">The operation to run for each item, on the thread pool. It receives a token that is
    /// cancelled when the run stops early. Pass the token on.</param>
    /// <param name="cancellationToken">Stops the run, as does the token passed to the enumeration: starts no further
    /// item, cancels the operations' token and awaits the operations in flight.</param>
    /// <returns>A stream of one outcome per started item. Each enumeration is a separate run, which starts when its
    /// first outcome is requested.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null. Thrown at the call.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxConcurrency"/> is less than 1. Thrown at the
    /// call.</exception>
    /// <exception cref="OperationCanceledException">Thrown by the enumeration after the last outcome if a token is
    /// cancelled before every item succeeds.</exception>
    /// <remarks>
    /// The guarantees of
    /// <see cref="FanOutStream{T, TResult}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)">FanOutStream</see>
    /// apply, except that:
    /// <list type="bullet">
    /// <item>The stream yields exactly one outcome for each item that was started, including those that failed or were
    /// cancelled.</item>
    /// <item>The exception of an item is in its outcome. The enumeration throws only the exception of the source or of
    /// a cancellation callback, and the cancellation, after the last outcome.</item>
    /// </list>
    /// Cost: in addition to that of a stream, two readings of the clock per item.
    /// </remarks>
    /// <example>
    /// <code>
    /// await foreach (var outcome in urls.FanOutOutcomes(8, (url, token) =&gt; FetchAsync(url, token)))
    /// {
    ///     Console.WriteLine($"{outcome.Item}: {outcome.Kind} after {outcome.Duration}");
    /// }
    /// </code>
    /// </example>
    [OverloadResolutionPriority(3)]
    public static IAsyncEnumerable<FanOutOutcome<T, TResult>> FanOutOutcomes<T, TResult>(
        this IEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        Outcomes(From(source), Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <summary>
    /// Runs <paramref name="operation"/> for every item with the given <paramref name="options"/> and yields the
    /// outcome of each while the run continues, in source order or in the order of completion.
    /// A failed item stops the run only if
    /// <see cref="FanOutOptions.OnFailure"/> is <see cref="FailureMode.StopAtFirst"/>.
    /// </summary>
    /// <typeparam name="T">The type of the items.</typeparam>
    /// <typeparam name="TResult">The type of the results.</typeparam>
    /// <param name="source">The items. The source is enumerated on the thread pool, once per enumeration of the
    /// stream.</param>
    /// <param name="options">The limit and the other settings of the run.</param>
    /// <param name="operation">The operation to run for each item, on the thread pool. It receives a token that is
    /// cancelled when the run stops early. Pass the token on.</param>
    /// <param name="cancellationToken">Stops the run, as does the token passed to the enumeration: starts no further
    /// item, cancels the operations' token and awaits the operations in flight.</param>
    /// <returns>A stream of one outcome per started item. Each enumeration is a separate run, which starts when its
    /// first outcome is requested.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null. Thrown at the call.</exception>
    /// <exception cref="ArgumentException">The options contradict each other or partition items of another type. Thrown
    /// at the call.</exception>
    /// <exception cref="OperationCanceledException">Thrown by the enumeration after the last outcome if a token is
    /// cancelled before every item succeeds.</exception>
    /// <inheritdoc cref="FanOutOutcomes{T, TResult}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)" path="/remarks"/>
    /// <example>
    /// <code>
    /// var options = new FanOutOptions { MaxConcurrency = 8, Order = FanOutOrder.Completion };
    /// await foreach (var outcome in urls.FanOutOutcomes(options, (url, token) =&gt; FetchAsync(url, token)))
    /// {
    ///     Console.WriteLine($"{outcome.Item}: {outcome.Kind} after {outcome.Attempts} attempts");
    /// }
    /// </code>
    /// </example>
    [OverloadResolutionPriority(3)]
    public static IAsyncEnumerable<FanOutOutcome<T, TResult>> FanOutOutcomes<T, TResult>(
        this IEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        Outcomes(From(source), options, Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutOutcomes{T, TResult}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public static IAsyncEnumerable<FanOutOutcome<T, TResult>> FanOutOutcomes<T, TResult>(
        this IEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, Task<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        Outcomes(From(source), Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutOutcomes{T, TResult}(IEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public static IAsyncEnumerable<FanOutOutcome<T, TResult>> FanOutOutcomes<T, TResult>(
        this IEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, Task<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        Outcomes(From(source), options, Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutOutcomes{T, TResult}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(7)]
    public static IAsyncEnumerable<FanOutOutcome<T, TResult>> FanOutOutcomes<T, TResult>(
        this IAsyncEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        Outcomes(From(source), Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutOutcomes{T, TResult}(IEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(7)]
    public static IAsyncEnumerable<FanOutOutcome<T, TResult>> FanOutOutcomes<T, TResult>(
        this IAsyncEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        Outcomes(From(source), options, Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutOutcomes{T, TResult}(IAsyncEnumerable{T}, int, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(6)]
    public static IAsyncEnumerable<FanOutOutcome<T, TResult>> FanOutOutcomes<T, TResult>(
        this IAsyncEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, Task<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        Outcomes(From(source), Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutOutcomes{T, TResult}(IAsyncEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(6)]
    public static IAsyncEnumerable<FanOutOutcome<T, TResult>> FanOutOutcomes<T, TResult>(
        this IAsyncEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, Task<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        Outcomes(From(source), options, Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutOutcomes{T, TResult}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)" path="/*[not(self::typeparam[@name='TResult'] or self::example)]"/>
    /// <example>
    /// <code>
    /// await foreach (var outcome in files.FanOutOutcomes(8, async (file, token) =&gt; await UploadAsync(file, token)))
    /// {
    ///     Console.WriteLine($"{outcome.Item}: {outcome.Kind} after {outcome.Duration}");
    /// }
    /// </code>
    /// </example>
    [OverloadResolutionPriority(1)]
    public static IAsyncEnumerable<FanOutOutcome<T>> FanOutOutcomes<T>(
        this IEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, ValueTask> operation,
        CancellationToken cancellationToken = default) =>
        Outcomes(From(source), Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutOutcomes{T, TResult}(IEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)" path="/*[not(self::typeparam[@name='TResult'] or self::example)]"/>
    /// <example>
    /// <code>
    /// var options = new FanOutOptions(8) { Order = FanOutOrder.Completion };
    /// await foreach (var outcome in files.FanOutOutcomes(options, async (file, token) =&gt; await UploadAsync(file, token)))
    /// {
    ///     Console.WriteLine($"{outcome.Item}: {outcome.Kind} after {outcome.Attempts} attempts");
    /// }
    /// </code>
    /// </example>
    [OverloadResolutionPriority(1)]
    public static IAsyncEnumerable<FanOutOutcome<T>> FanOutOutcomes<T>(
        this IEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, ValueTask> operation,
        CancellationToken cancellationToken = default) =>
        Outcomes(From(source), options, Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutOutcomes{T}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask}, CancellationToken)"/>
    public static IAsyncEnumerable<FanOutOutcome<T>> FanOutOutcomes<T>(
        this IEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, Task> operation,
        CancellationToken cancellationToken = default) =>
        Outcomes(From(source), Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutOutcomes{T}(IEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask}, CancellationToken)"/>
    public static IAsyncEnumerable<FanOutOutcome<T>> FanOutOutcomes<T>(
        this IEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, Task> operation,
        CancellationToken cancellationToken = default) =>
        Outcomes(From(source), options, Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutOutcomes{T}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask}, CancellationToken)"/>
    [OverloadResolutionPriority(5)]
    public static IAsyncEnumerable<FanOutOutcome<T>> FanOutOutcomes<T>(
        this IAsyncEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, ValueTask> operation,
        CancellationToken cancellationToken = default) =>
        Outcomes(From(source), Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutOutcomes{T}(IEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask}, CancellationToken)"/>
    [OverloadResolutionPriority(5)]
    public static IAsyncEnumerable<FanOutOutcome<T>> FanOutOutcomes<T>(
        this IAsyncEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, ValueTask> operation,
        CancellationToken cancellationToken = default) =>
        Outcomes(From(source), options, Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutOutcomes{T}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask}, CancellationToken)"/>
    [OverloadResolutionPriority(4)]
    public static IAsyncEnumerable<FanOutOutcome<T>> FanOutOutcomes<T>(
        this IAsyncEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, Task> operation,
        CancellationToken cancellationToken = default) =>
        Outcomes(From(source), Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutOutcomes{T}(IEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask}, CancellationToken)"/>
    [OverloadResolutionPriority(4)]
    public static IAsyncEnumerable<FanOutOutcome<T>> FanOutOutcomes<T>(
        this IAsyncEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, Task> operation,
        CancellationToken cancellationToken = default) =>
        Outcomes(From(source), options, Adapt(operation), cancellationToken);
}
