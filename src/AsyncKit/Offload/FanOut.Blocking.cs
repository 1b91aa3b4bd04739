using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <content>Blocking work over many items, on the threads of a lane.</content>
public static partial class FanOut
{
    /// <summary>
    /// Runs blocking <paramref name="work"/> over every item on the threads of <paramref name="lane"/>, as many at once as
    /// the lane has threads at the most, and returns the results in source order.
    /// </summary>
    /// <typeparam name="T">The items.</typeparam>
    /// <typeparam name="TResult">The results; no tasks.</typeparam>
    /// <param name="source">The items. Arrays, <see cref="List{T}"/> and ImmutableArray are read by index, anything
    /// else is enumerated once, on the pool.</param>
    /// <param name="lane">The lane, which others may use as well. It is not disposed.</param>
    /// <param name="work">Called once for each item, on a thread of the lane, with a token that is cancelled when the run
    /// stops early.</param>
    /// <param name="cancellationToken">Stops the run: nothing new starts, the token of the work is cancelled, what runs is
    /// waited for.</param>
    /// <returns>A task that ends after everything the run started, with one result for each item, in source
    /// order.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null; thrown at the call.</exception>
    /// <exception cref="ArgumentException">The work returns a task; thrown at the call if its type says so, else from the
    /// task.</exception>
    /// <exception cref="OperationCanceledException">From the task: <paramref name="cancellationToken"/> was cancelled
    /// before a failure and before every item had succeeded. Failures after it are the inner exception.</exception>
    /// <remarks>
    /// The run is that of FanOutAsync, with its guarantees; the first failure stops it and is thrown by await as it is. What
    /// the lane refuses is a failure. Cost: beside that of the run, one call of the lane for each item.
    /// </remarks>
    public static Task<TResult[]> FanOutBlockingAsync<T, TResult>(
        this IEnumerable<T> source,
        BlockingLane lane,
        Func<T, CancellationToken, TResult> work,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, LimitOf(lane), Blocking(lane, work), cancellationToken);

    /// <summary>
    /// Runs blocking <paramref name="work"/> over every item on the threads of <paramref name="lane"/> under
    /// <paramref name="options"/>, and returns the results in source order.
    /// </summary>
    /// <typeparam name="T">The items.</typeparam>
    /// <typeparam name="TResult">The results; no tasks.</typeparam>
    /// <param name="source">The items. Arrays, <see cref="List{T}"/> and ImmutableArray are read by index, anything
    /// else is enumerated once, on the pool.</param>
    /// <param name="lane">The lane, which others may use as well. It is not disposed.</param>
    /// <param name="options">What governs the run. No more than <see cref="FanOutOptions.MaxConcurrency"/> items are given to
    /// the lane at once.</param>
    /// <param name="work">Called once for each item, on a thread of the lane, with a token that is cancelled when the run
    /// stops early.</param>
    /// <param name="cancellationToken">Stops the run: nothing new starts, the token of the work is cancelled, what runs is
    /// waited for.</param>
    /// <returns>A task that ends after everything the run started, with one result for each item, in source
    /// order.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null; thrown at the call.</exception>
    /// <exception cref="ArgumentException">The work returns a task, thrown at the call if its type says so, else from the
    /// task; or the options have an order of completion or a look-ahead, which are for streams; thrown at the
    /// call.</exception>
    /// <exception cref="FanOutException">From the task: items failed under
    /// <see cref="FailureMode.RunToEnd"/>.</exception>
    /// <exception cref="OperationCanceledException">From the task: <paramref name="cancellationToken"/> was cancelled
    /// before every item had succeeded and, under <see cref="FailureMode.StopAtFirst"/>, before a failure. What failed
    /// is the inner exception.</exception>
    /// <remarks>
    /// The run is that of FanOutAsync, with its guarantees. What the lane refuses is a failure. Cost: beside that of the run,
    /// one call of the lane for each item.
    /// </remarks>
    public static Task<TResult[]> FanOutBlockingAsync<T, TResult>(
        this IEnumerable<T> source,
        BlockingLane lane,
        FanOutOptions options,
        Func<T, CancellationToken, TResult> work,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, options, Blocking(lane, work), cancellationToken);

    /// <summary>
    /// Runs blocking <paramref name="work"/> over every item on threads of its own, at most <paramref name="maxThreads"/>, and
    /// returns the results in source order.
    /// </summary>
    /// <typeparam name="T">The items.</typeparam>
    /// <typeparam name="TResult">The results; no tasks.</typeparam>
    /// <param name="source">The items. Arrays, <see cref="List{T}"/> and ImmutableArray are read by index, anything
    /// else is enumerated once, on the pool.</param>
    /// <param name="maxThreads">The most threads, and so the most items at once: at least 1.</param>
    /// <param name="work">Called once for each item, on one of the threads, with a token that is cancelled when the run
    /// stops early.</param>
    /// <param name="cancellationToken">Stops the run: nothing new starts, the token of the work is cancelled, what runs is
    /// waited for.</param>
    /// <returns>A task that ends after everything the run started, the threads too, with one result for each item, in source
    /// order.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null; thrown at the call.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxThreads"/> is less than 1; thrown at the
    /// call.</exception>
    /// <exception cref="ArgumentException">The work returns a task; thrown at the call if its type says so, else from the
    /// task.</exception>
    /// <exception cref="OperationCanceledException">From the task: <paramref name="cancellationToken"/> was cancelled
    /// before a failure and before every item had succeeded. Failures after it are the inner exception.</exception>
    /// <remarks>
    /// The run is that of FanOutAsync, with its guarantees; the first failure stops it and is thrown by await as it is. Cost:
    /// beside that of the run, a lane that lives as long as the run does. Work that comes again and again should share one.
    /// </remarks>
    public static Task<TResult[]> FanOutBlockingAsync<T, TResult>(
        this IEnumerable<T> source,
        int maxThreads,
        Func<T, CancellationToken, TResult> work,
        CancellationToken cancellationToken = default) =>
        OnOwnLaneAsync(maxThreads, (lane, options) => RunAsync(source, options, Blocking(lane, work), cancellationToken));

    /// <inheritdoc cref="FanOutBlockingAsync{T, TResult}(IEnumerable{T}, BlockingLane, Func{T, CancellationToken, TResult}, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public static Task<TResult[]> FanOutBlockingAsync<T, TResult>(
        this IAsyncEnumerable<T> source,
        BlockingLane lane,
        Func<T, CancellationToken, TResult> work,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, LimitOf(lane), Blocking(lane, work), cancellationToken);

    /// <inheritdoc cref="FanOutBlockingAsync{T, TResult}(IEnumerable{T}, BlockingLane, FanOutOptions, Func{T, CancellationToken, TResult}, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public static Task<TResult[]> FanOutBlockingAsync<T, TResult>(
        this IAsyncEnumerable<T> source,
        BlockingLane lane,
        FanOutOptions options,
        Func<T, CancellationToken, TResult> work,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, options, Blocking(lane, work), cancellationToken);

    /// <inheritdoc cref="FanOutBlockingAsync{T, TResult}(IEnumerable{T}, int, Func{T, CancellationToken, TResult}, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public static Task<TResult[]> FanOutBlockingAsync<T, TResult>(
        this IAsyncEnumerable<T> source,
        int maxThreads,
        Func<T, CancellationToken, TResult> work,
        CancellationToken cancellationToken = default) =>
        OnOwnLaneAsync(maxThreads, (lane, options) => RunAsync(source, options, Blocking(lane, work), cancellationToken));

    /// <inheritdoc cref="FanOutBlockingAsync{T, TResult}(IEnumerable{T}, BlockingLane, Func{T, CancellationToken, TResult}, CancellationToken)"/>
    public static Task FanOutBlockingAsync<T>(
        this IEnumerable<T> source,
        BlockingLane lane,
        Action<T, CancellationToken> work,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, LimitOf(lane), Blocking(lane, work), cancellationToken);

    /// <inheritdoc cref="FanOutBlockingAsync{T, TResult}(IEnumerable{T}, BlockingLane, FanOutOptions, Func{T, CancellationToken, TResult}, CancellationToken)"/>
    public static Task FanOutBlockingAsync<T>(
        this IEnumerable<T> source,
        BlockingLane lane,
        FanOutOptions options,
        Action<T, CancellationToken> work,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, options, Blocking(lane, work), cancellationToken);

    /// <inheritdoc cref="FanOutBlockingAsync{T, TResult}(IEnumerable{T}, int, Func{T, CancellationToken, TResult}, CancellationToken)"/>
    public static Task FanOutBlockingAsync<T>(
        this IEnumerable<T> source,
        int maxThreads,
        Action<T, CancellationToken> work,
        CancellationToken cancellationToken = default) =>
        OnOwnLaneAsync(maxThreads, (lane, options) => RunAsync(source, options, Blocking(lane, work), cancellationToken));

    /// <inheritdoc cref="FanOutBlockingAsync{T, TResult}(IEnumerable{T}, BlockingLane, Func{T, CancellationToken, TResult}, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public static Task FanOutBlockingAsync<T>(
        this IAsyncEnumerable<T> source,
        BlockingLane lane,
        Action<T, CancellationToken> work,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, LimitOf(lane), Blocking(lane, work), cancellationToken);

    /// <inheritdoc cref="FanOutBlockingAsync{T, TResult}(IEnumerable{T}, BlockingLane, FanOutOptions, Func{T, CancellationToken, TResult}, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public static Task FanOutBlockingAsync<T>(
        this IAsyncEnumerable<T> source,
        BlockingLane lane,
        FanOutOptions options,
        Action<T, CancellationToken> work,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, options, Blocking(lane, work), cancellationToken);

    /// <inheritdoc cref="FanOutBlockingAsync{T, TResult}(IEnumerable{T}, int, Func{T, CancellationToken, TResult}, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public static Task FanOutBlockingAsync<T>(
        this IAsyncEnumerable<T> source,
        int maxThreads,
        Action<T, CancellationToken> work,
        CancellationToken cancellationToken = default) =>
        OnOwnLaneAsync(maxThreads, (lane, options) => RunAsync(source, options, Blocking(lane, work), cancellationToken));

    private static FanOutOptions LimitOf(BlockingLane lane)
    {
        ArgumentNullException.ThrowIfNull(lane);
        return new() { MaxConcurrency = lane.MaxThreads };
    }

    private static Operation<T, TResult> Blocking<T, TResult>(
        BlockingLane lane, Func<T, CancellationToken, TResult> work)
    {
        ArgumentNullException.ThrowIfNull(lane);
        ArgumentNullException.ThrowIfNull(work);
        TaskResultGuard.CheckType<TResult>(nameof(work));
        var parent = lane.CurrentWork; // This run is a part of it, on whatever thread it makes its calls.
        return new((item, token) =>
            new ValueTask<TResult>(lane.StartAsync(work, item, OnCancel.Wait, parent, token)));
    }

    private static Operation<T, Unit> Blocking<T>(BlockingLane lane, Action<T, CancellationToken> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        return Blocking(lane, (T item, CancellationToken token) =>
        {
            work(item, token);
            return default(Unit);
        });
    }

    private static Task<TResult[]> OnOwnLaneAsync<TResult>(
        int maxThreads, Func<BlockingLane, FanOutOptions, Task<TResult[]>> start)
    {
        var options = new FanOutOptions { MaxConcurrency = Guards.AtLeast(maxThreads, 1) };
        var lane = new BlockingLane(new BlockingLaneOptions { Name = "fan-out", MaxThreads = maxThreads });
        return ThenDisposeAsync(start(lane, options), lane).Unwrap(); // As it is: with every failure, or the cancellation.
    }

    private static async Task<Task<TResult[]>> ThenDisposeAsync<TResult>(Task<TResult[]> run, BlockingLane lane)
    {
        try
        {
            _ = await run.NoContext();
        }
        catch (Exception)
        {
            // It is in the task that the caller gets.
        }

        await lane.DisposeAsync().NoContext();
        return run;
    }
}
