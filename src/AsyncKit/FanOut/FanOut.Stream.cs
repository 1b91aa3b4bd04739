using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <content>Results as a stream.</content>
public static partial class FanOut
{
    /// <summary>
    /// Runs <paramref name="operation"/> for every item, at most <paramref name="maxConcurrency"/> at a time, and
    /// yields each result in source order while the run continues.
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
    /// <returns>A stream of the results. Each enumeration is a separate run, which starts when its first result is
    /// requested.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null. Thrown at the call.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxConcurrency"/> is less than 1. Thrown at the
    /// call.</exception>
    /// <exception cref="OperationCanceledException">Thrown by the enumeration if a token is cancelled before an
    /// operation fails and before every item succeeds. Later failures are its inner exception.</exception>
    /// <remarks>
    /// The guarantees of
    /// <see cref="FanOutAsync{T, TResult}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)">FanOutAsync</see>
    /// apply to each enumeration. For a stream:
    /// <list type="bullet">
    /// <item>Every source is enumerated, even an array or a list. The source and the operations observe the
    /// ExecutionContext in which the first item was requested.</item>
    /// <item>In <see cref="FanOutOrder.Source"/> a result is yielded when it and the results before it are ready, even
    /// while the source is slow. In <see cref="FanOutOrder.Completion"/> each result is yielded when it is
    /// ready.</item>
    /// <item>The run starts at most <see cref="FanOutOptions.Lookahead"/> items beyond the one that the reader waits
    /// for. So one slow item does not idle the other slots, and a slow reader pauses the pulling.</item>
    /// <item>When the run stops in source order, the stream yields the results before the first item that did not
    /// succeed, then throws. In the order of completion it yields the results that were ready, then throws.</item>
    /// <item>Leaving the enumeration early cancels the operations, awaits them and disposes the source. Later failures
    /// are not reported.</item>
    /// </list>
    /// Cost: for each enumeration a ring buffer of <see cref="FanOutOptions.Lookahead"/> + 1 elements, rounded up to a
    /// power of two, and one or two objects for each worker. Nothing per item in addition to the allocations of the
    /// operation.
    /// </remarks>
    /// <example>
    /// <code>
    /// await foreach (string page in urls.FanOutStream(8, (url, token) =&gt; client.GetStringAsync(url, token)))
    /// {
    ///     Console.WriteLine(page.Length);
    /// }
    /// </code>
    /// </example>
    [OverloadResolutionPriority(3)]
    public static IAsyncEnumerable<TResult> FanOutStream<T, TResult>(
        this IEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        Stream(From(source), Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <summary>
    /// Runs <paramref name="operation"/> for every item with the given <paramref name="options"/> and yields each
    /// result while the run continues, in source order or in the order of completion.
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
    /// <returns>A stream of the results. Each enumeration is a separate run, which starts when its first result is
    /// requested.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null. Thrown at the call.</exception>
    /// <exception cref="ArgumentException">The options contradict each other or partition items of another type. Thrown
    /// at the call.</exception>
    /// <exception cref="FanOutException">Thrown at the end of the enumeration if an item fails and
    /// <see cref="FanOutOptions.OnFailure"/> is <see cref="FailureMode.RunToEnd"/>.</exception>
    /// <exception cref="OperationCanceledException">Thrown by the enumeration if a token is cancelled before every item
    /// succeeds and, with <see cref="FailureMode.StopAtFirst"/>, before an operation fails. The failures are its inner
    /// exception.</exception>
    /// <inheritdoc cref="FanOutStream{T, TResult}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)" path="/remarks"/>
    /// <example>
    /// <code>
    /// var options = new FanOutOptions { MaxConcurrency = 8, Order = FanOutOrder.Completion };
    /// await foreach (string page in urls.FanOutStream(options, (url, token) =&gt; client.GetStringAsync(url, token)))
    /// {
    ///     Console.WriteLine(page.Length);
    /// }
    /// </code>
    /// </example>
    [OverloadResolutionPriority(3)]
    public static IAsyncEnumerable<TResult> FanOutStream<T, TResult>(
        this IEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        Stream(From(source), options, Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutStream{T, TResult}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public static IAsyncEnumerable<TResult> FanOutStream<T, TResult>(
        this IEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, Task<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        Stream(From(source), Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutStream{T, TResult}(IEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public static IAsyncEnumerable<TResult> FanOutStream<T, TResult>(
        this IEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, Task<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        Stream(From(source), options, Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutStream{T, TResult}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(7)]
    public static IAsyncEnumerable<TResult> FanOutStream<T, TResult>(
        this IAsyncEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        Stream(From(source), Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutStream{T, TResult}(IEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(7)]
    public static IAsyncEnumerable<TResult> FanOutStream<T, TResult>(
        this IAsyncEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        Stream(From(source), options, Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutStream{T, TResult}(IAsyncEnumerable{T}, int, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(6)]
    public static IAsyncEnumerable<TResult> FanOutStream<T, TResult>(
        this IAsyncEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, Task<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        Stream(From(source), Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutStream{T, TResult}(IAsyncEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(6)]
    public static IAsyncEnumerable<TResult> FanOutStream<T, TResult>(
        this IAsyncEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, Task<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        Stream(From(source), options, Adapt(operation), cancellationToken);
}
