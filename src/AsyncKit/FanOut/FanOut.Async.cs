using System.Runtime.CompilerServices;

#pragma warning disable CS1573 // The inherited documentation has the other parameters.

namespace AsyncKit;

/// <content>Results as an array, or no results.</content>
public static partial class FanOut
{
    /// <summary>
    /// Runs <paramref name="operation"/> for every item, at most <paramref name="maxConcurrency"/> at a time, and
    /// returns the results in source order.
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
    /// <returns>A task that completes when everything the run started has completed, with one result per item, in
    /// source order.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null. Thrown at the call.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxConcurrency"/> is less than 1. Thrown at the
    /// call.</exception>
    /// <exception cref="OperationCanceledException">The task is cancelled with this if
    /// <paramref name="cancellationToken"/> is cancelled before an operation fails and before every item succeeds.
    /// Later failures are its inner exception.</exception>
    /// <remarks>
    /// Completion:
    /// <list type="bullet">
    /// <item>The task does not complete while anything that the run started is still running.</item>
    /// <item><see cref="FailureMode.StopAtFirst"/>, the default: the first failure cancels the operations' token, no
    /// further item is pulled or started, and the operations in flight are awaited. Then await throws that first
    /// exception, unwrapped. Later failures are in the task's Exception. The index of the item is in
    /// <c>exception.Data["AsyncKit.Index"]</c>.</item>
    /// <item><see cref="FailureMode.RunToEnd"/>: every item runs. Then await throws one flat
    /// <see cref="FanOutException"/> with every failure in source order.</item>
    /// <item>An <see cref="OperationCanceledException"/> counts as a cancellation only if the caller's token or, after
    /// an earlier failure, the operations' token is cancelled. Any other, such as a timeout of HttpClient, is a
    /// failure.</item>
    /// <item>Cancellations that the run itself caused are not reported in addition to the cause.</item>
    /// <item>The first cause decides. A failure before the caller's cancellation faults the task. A cancellation before
    /// any failure cancels it, with the caller's token and with later failures as the inner exception. If every item
    /// succeeded and the source ended before the run observed the cancellation, the run succeeds.</item>
    /// <item>A token that is cancelled at the call stops the run before the source is used.</item>
    /// <item>A source that fails, a cancellation callback that throws, an operation that throws before its first await
    /// and one that returns null all end the run with that error. The run always completes.</item>
    /// <item>The cost of cancelling does not depend on the number of items that remain.</item>
    /// <item>No exception stays unobserved, and no registration or token source is left behind.</item>
    /// </list>
    /// Running:
    /// <list type="bullet">
    /// <item>The number of operations that run at the same time never exceeds the limit. It reaches the limit when
    /// enough items are available.</item>
    /// <item>Worker loops pull the items; no task is created per item. Apart from the results, memory depends on the
    /// limit and not on the number of items, so an endless source works.</item>
    /// <item>An item is pulled only when a slot is free for it. The source is enumerated once, with one MoveNext at a
    /// time. It is disposed exactly once, never while a MoveNextAsync is pending.</item>
    /// <item>A <see cref="List{T}"/> that changes during the run faults it with an
    /// <see cref="InvalidOperationException"/>.</item>
    /// <item>A MoveNext that is slow or blocks occupies at most one thread-pool thread.</item>
    /// <item>Workers start lazily. Three items with a limit of 256 start three workers, and a fourth to find the end of
    /// a source that is enumerated.</item>
    /// <item>Neither the operation nor the source runs on the caller's thread, under a lock of the library, or inside
    /// the caller's Cancel().</item>
    /// <item>The source and each operation observe the caller's ExecutionContext as it was at the call.</item>
    /// <item>An operation that blocks before its first await delays its own slot only. Fan-outs can be nested.</item>
    /// <item>An item keeps its slot while it waits for its start or for its next attempt.</item>
    /// </list>
    /// Cost: one or two objects for each worker that has an item, and the result array if the operation returns
    /// results. Nothing per item in addition to the allocations of the operation.
    /// </remarks>
    /// <example>
    /// <code>
    /// string[] urls = ["https://example.com/a", "https://example.com/b"];
    /// string[] pages = await urls.FanOutAsync(8, (url, token) =&gt; client.GetStringAsync(url, token));
    /// </code>
    /// </example>
    [OverloadResolutionPriority(3)]
    public static Task<TResult[]> FanOutAsync<T, TResult>(
        this IEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <summary>
    /// Runs <paramref name="operation"/> for every item with the given <paramref name="options"/> and returns the
    /// results in source order.
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
    /// <returns>A task that completes when everything the run started has completed, with one result per item, in
    /// source order.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null. Thrown at the call.</exception>
    /// <exception cref="ArgumentException">The options contradict each other, set an order or a look-ahead that only
    /// streams support, or partition items of another type. Thrown at the call.</exception>
    /// <exception cref="FanOutException">The task is faulted with this if an item fails and
    /// <see cref="FanOutOptions.OnFailure"/> is <see cref="FailureMode.RunToEnd"/>.</exception>
    /// <exception cref="OperationCanceledException">The task is cancelled with this if
    /// <paramref name="cancellationToken"/> is cancelled before every item succeeds and, with
    /// <see cref="FailureMode.StopAtFirst"/>, before an operation fails. The failures are its inner
    /// exception.</exception>
    /// <inheritdoc cref="FanOutAsync{T, TResult}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)" path="/remarks"/>
    /// <example>
    /// <code>
    /// var options = new FanOutOptions { MaxConcurrency = 8, ItemTimeout = TimeSpan.FromSeconds(5) };
    /// string[] pages = await urls.FanOutAsync(options, (url, token) =&gt; client.GetStringAsync(url, token));
    /// </code>
    /// </example>
    [OverloadResolutionPriority(3)]
    public static Task<TResult[]> FanOutAsync<T, TResult>(
        this IEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, options, Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutAsync{T, TResult}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public static Task<TResult[]> FanOutAsync<T, TResult>(
        this IEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, Task<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutAsync{T, TResult}(IEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public static Task<TResult[]> FanOutAsync<T, TResult>(
        this IEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, Task<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, options, Adapt(operation), cancellationToken);

    /// <param name="source">The items. The source is enumerated once, on the thread pool.</param>
    /// <inheritdoc cref="FanOutAsync{T, TResult}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)" path="/*[not(self::param[@name='source'])]"/>
    [OverloadResolutionPriority(7)]
    public static Task<TResult[]> FanOutAsync<T, TResult>(
        this IAsyncEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <param name="source">The items. The source is enumerated once, on the thread pool.</param>
    /// <inheritdoc cref="FanOutAsync{T, TResult}(IEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)" path="/*[not(self::param[@name='source'])]"/>
    [OverloadResolutionPriority(7)]
    public static Task<TResult[]> FanOutAsync<T, TResult>(
        this IAsyncEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, options, Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutAsync{T, TResult}(IAsyncEnumerable{T}, int, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(6)]
    public static Task<TResult[]> FanOutAsync<T, TResult>(
        this IAsyncEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, Task<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutAsync{T, TResult}(IAsyncEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(6)]
    public static Task<TResult[]> FanOutAsync<T, TResult>(
        this IAsyncEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, Task<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, options, Adapt(operation), cancellationToken);

    /// <summary>
    /// Runs <paramref name="operation"/>, which returns no result, for every item, at most
    /// <paramref name="maxConcurrency"/> at a time.
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
    /// <returns>A task that completes when everything the run started has completed.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null. Thrown at the call.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxConcurrency"/> is less than 1. Thrown at the
    /// call.</exception>
    /// <exception cref="OperationCanceledException">The task is cancelled with this if
    /// <paramref name="cancellationToken"/> is cancelled before an operation fails and before every item succeeds.
    /// Later failures are its inner exception.</exception>
    /// <inheritdoc cref="FanOutAsync{T, TResult}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)" path="/remarks"/>
    /// <example>
    /// <code>
    /// await files.FanOutAsync(8, async (file, token) =&gt; await UploadAsync(file, token), cancellationToken);
    /// </code>
    /// </example>
    [OverloadResolutionPriority(1)]
    public static Task FanOutAsync<T>(
        this IEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, ValueTask> operation,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <summary>
    /// Runs <paramref name="operation"/>, which returns no result, for every item with the given
    /// <paramref name="options"/>.
    /// </summary>
    /// <typeparam name="T">The type of the items.</typeparam>
    /// <param name="source">The items. An array, a <see cref="List{T}"/> or an ImmutableArray is read by index. Any
    /// other source is enumerated once, on the thread pool.</param>
    /// <param name="options">The limit and the other settings of the run.</param>
    /// <param name="operation">The operation to run for each item, on the thread pool. It receives a token that is
    /// cancelled when the run stops early. Pass the token on.</param>
    /// <param name="cancellationToken">Stops the run: starts no further item, cancels the operations' token and awaits
    /// the operations in flight.</param>
    /// <returns>A task that completes when everything the run started has completed.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null. Thrown at the call.</exception>
    /// <exception cref="ArgumentException">The options contradict each other, set an order or a look-ahead that only
    /// streams support, or partition items of another type. Thrown at the call.</exception>
    /// <exception cref="FanOutException">The task is faulted with this if an item fails and
    /// <see cref="FanOutOptions.OnFailure"/> is <see cref="FailureMode.RunToEnd"/>.</exception>
    /// <exception cref="OperationCanceledException">The task is cancelled with this if
    /// <paramref name="cancellationToken"/> is cancelled before every item succeeds and, with
    /// <see cref="FailureMode.StopAtFirst"/>, before an operation fails. The failures are its inner
    /// exception.</exception>
    /// <inheritdoc cref="FanOutAsync{T, TResult}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)" path="/remarks"/>
    /// <example>
    /// <code>
    /// var options = new FanOutOptions { MaxConcurrency = 8, OnFailure = FailureMode.RunToEnd };
    /// await files.FanOutAsync(options, async (file, token) =&gt; await UploadAsync(file, token));
    /// </code>
    /// </example>
    [OverloadResolutionPriority(1)]
    public static Task FanOutAsync<T>(
        this IEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, ValueTask> operation,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, options, Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutAsync{T}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask}, CancellationToken)"/>
    public static Task FanOutAsync<T>(
        this IEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, Task> operation,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutAsync{T}(IEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask}, CancellationToken)"/>
    public static Task FanOutAsync<T>(
        this IEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, Task> operation,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, options, Adapt(operation), cancellationToken);

    /// <param name="source">The items. The source is enumerated once, on the thread pool.</param>
    /// <inheritdoc cref="FanOutAsync{T}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask}, CancellationToken)" path="/*[not(self::param[@name='source'])]"/>
    [OverloadResolutionPriority(5)]
    public static Task FanOutAsync<T>(
        this IAsyncEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, ValueTask> operation,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <param name="source">The items. The source is enumerated once, on the thread pool.</param>
    /// <inheritdoc cref="FanOutAsync{T}(IEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask}, CancellationToken)" path="/*[not(self::param[@name='source'])]"/>
    [OverloadResolutionPriority(5)]
    public static Task FanOutAsync<T>(
        this IAsyncEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, ValueTask> operation,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, options, Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutAsync{T}(IAsyncEnumerable{T}, int, Func{T, CancellationToken, ValueTask}, CancellationToken)"/>
    [OverloadResolutionPriority(4)]
    public static Task FanOutAsync<T>(
        this IAsyncEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, Task> operation,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, Limit(maxConcurrency), Adapt(operation), cancellationToken);

    /// <inheritdoc cref="FanOutAsync{T}(IAsyncEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask}, CancellationToken)"/>
    [OverloadResolutionPriority(4)]
    public static Task FanOutAsync<T>(
        this IAsyncEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, Task> operation,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, options, Adapt(operation), cancellationToken);
}
