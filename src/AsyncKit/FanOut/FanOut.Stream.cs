using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <content>Results while the run goes on.</content>
public static partial class FanOut
{
    /// <summary>
    /// Runs <paramref name="operation"/> over every item, at most <paramref name="maxConcurrency"/> at once, and hands out
    /// the results in source order while the run goes on.
    /// </summary>
    /// <typeparam name="T">The items.</typeparam>
    /// <typeparam name="TResult">The results.</typeparam>
    /// <param name="source">The items. Any <see cref="IEnumerable{T}"/> is enumerated, on the pool, once for each
    /// enumeration of the stream.</param>
    /// <param name="maxConcurrency">The most operations at once: at least 1, <see cref="int.MaxValue"/> for no
    /// limit.</param>
    /// <param name="operation">Called once for each item, on the pool, with a token that is cancelled when the run
    /// stops early: pass it on.</param>
    /// <param name="cancellationToken">Stops the run, as does the token given to the enumeration: nothing new starts, the
    /// operations' token is cancelled, what is in flight is awaited.</param>
    /// <returns>A stream. Each enumeration is a run of its own, which begins when the first result is asked
    /// for.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null; thrown at the call.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxConcurrency"/> is less than 1; thrown at the
    /// call.</exception>
    /// <exception cref="OperationCanceledException">From the enumeration: a token was cancelled before a failure and
    /// before every item had succeeded. Failures after it are the inner exception.</exception>
    /// <remarks>
    /// See <see cref="FanOut"/> for the guarantees. Cost: a ring of as many cells as items may be started ahead, one or two
    /// objects for each worker, nothing per item beyond what <paramref name="operation"/> allocates.
    /// </remarks>
    [OverloadResolutionPriority(3)]
    public static IAsyncEnumerable<TResult> FanOutStream<T, TResult>(
        this IEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        Stream(source, Limit(maxConcurrency), Of(operation), cancellationToken);

    /// <summary>
    /// Runs <paramref name="operation"/> over every item under <paramref name="options"/> and hands out the results while
    /// the run goes on, in source order or as they finish.
    /// </summary>
    /// <typeparam name="T">The items.</typeparam>
    /// <typeparam name="TResult">The results.</typeparam>
    /// <param name="source">The items. Any <see cref="IEnumerable{T}"/> is enumerated, on the pool, once for each
    /// enumeration of the stream.</param>
    /// <param name="options">The limit and what else governs the run.</param>
    /// <param name="operation">Called once for each item, on the pool, with a token that is cancelled when the run
    /// stops early: pass it on.</param>
    /// <param name="cancellationToken">Stops the run, as does the token given to the enumeration: nothing new starts, the
    /// operations' token is cancelled, what is in flight is awaited.</param>
    /// <returns>A stream. Each enumeration is a run of its own, which begins when the first result is asked
    /// for.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null; thrown at the call.</exception>
    /// <exception cref="ArgumentException">The options have a partition of items of another type; thrown at the
    /// call.</exception>
    /// <exception cref="FanOutException">From the enumeration, at the end: items failed under
    /// <see cref="FailureMode.RunToEnd"/>.</exception>
    /// <exception cref="OperationCanceledException">From the enumeration: a token was cancelled before every item had
    /// succeeded and, under <see cref="FailureMode.StopAtFirst"/>, before a failure. What failed is the inner
    /// exception.</exception>
    /// <remarks>
    /// See <see cref="FanOut"/> for the guarantees. Cost: a ring of as many cells as items may be started ahead, one or two
    /// objects for each worker, nothing per item beyond what <paramref name="operation"/> allocates.
    /// </remarks>
    [OverloadResolutionPriority(3)]
    public static IAsyncEnumerable<TResult> FanOutStream<T, TResult>(
        this IEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        Stream(source, options, Of(operation), cancellationToken);

    /// <inheritdoc cref="FanOutStream{T, TResult}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public static IAsyncEnumerable<TResult> FanOutStream<T, TResult>(
        this IEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, Task<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        Stream(source, Limit(maxConcurrency), Of(operation), cancellationToken);

    /// <inheritdoc cref="FanOutStream{T, TResult}(IEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public static IAsyncEnumerable<TResult> FanOutStream<T, TResult>(
        this IEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, Task<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        Stream(source, options, Of(operation), cancellationToken);

    /// <inheritdoc cref="FanOutStream{T, TResult}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(7)]
    public static IAsyncEnumerable<TResult> FanOutStream<T, TResult>(
        this IAsyncEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        Stream(source, Limit(maxConcurrency), Of(operation), cancellationToken);

    /// <inheritdoc cref="FanOutStream{T, TResult}(IEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(7)]
    public static IAsyncEnumerable<TResult> FanOutStream<T, TResult>(
        this IAsyncEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        Stream(source, options, Of(operation), cancellationToken);

    /// <inheritdoc cref="FanOutStream{T, TResult}(IEnumerable{T}, int, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(6)]
    public static IAsyncEnumerable<TResult> FanOutStream<T, TResult>(
        this IAsyncEnumerable<T> source,
        int maxConcurrency,
        Func<T, CancellationToken, Task<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        Stream(source, Limit(maxConcurrency), Of(operation), cancellationToken);

    /// <inheritdoc cref="FanOutStream{T, TResult}(IEnumerable{T}, FanOutOptions, Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(6)]
    public static IAsyncEnumerable<TResult> FanOutStream<T, TResult>(
        this IAsyncEnumerable<T> source,
        FanOutOptions options,
        Func<T, CancellationToken, Task<TResult>> operation,
        CancellationToken cancellationToken = default) =>
        Stream(source, options, Of(operation), cancellationToken);
}
