using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <content>Blocking work for many items, on the threads of a lane.</content>
public static partial class FanOut
{
    /// <summary>Runs blocking work for each item on the threads of <paramref name="lane"/> and returns the results in
    /// source order.</summary>
    /// <typeparam name="T">The type of the items.</typeparam>
    /// <typeparam name="TResult">The type of the results; not a task.</typeparam>
    /// <param name="source">The items, read once.</param>
    /// <param name="lane">The lane. Other callers can use it at the same time. The run does not dispose it.</param>
    /// <param name="work">The blocking call, made once for each item on a thread of the lane. It receives the item and
    /// a token that is cancelled when the run stops early.</param>
    /// <param name="cancellationToken">Stops the run: no more items start, the token of the work is cancelled, and the
    /// run waits for work in flight.</param>
    /// <returns>A task that completes after everything the run started, with the results in source order.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null; thrown at the call.</exception>
    /// <exception cref="ArgumentException">The work returns a task. This is thrown at the call if the type of the
    /// result is a task type. Otherwise the item fails with it.</exception>
    /// <exception cref="OperationCanceledException">The task is cancelled if <paramref name="cancellationToken"/> is
    /// cancelled before a failure and before every item succeeds. Failures after the cancellation are the inner
    /// exception.</exception>
    /// <remarks>
    /// At most <see cref="BlockingLane.MaxThreads"/> items run at once. The run has the guarantees of FanOutAsync: the
    /// first failure stops it, and await throws that exception unchanged. A call that the lane refuses is a failure.
    /// Cost: that of FanOutAsync, and one call of the lane per item.
    /// </remarks>
    /// <example>
    /// <code>
    /// await using var lane = new BlockingLane(maxThreads: 16);
    /// string[] texts = await files.FanOutBlockingAsync(lane, (file, token) =&gt; File.ReadAllText(file), cancellationToken);
    /// </code>
    /// </example>
    public static Task<TResult[]> FanOutBlockingAsync<T, TResult>(
        this IEnumerable<T> source,
        BlockingLane lane,
        Func<T, CancellationToken, TResult> work,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, LimitOf(lane), Blocking(lane, work), cancellationToken);

    /// <summary>Runs blocking work for each item on the threads of <paramref name="lane"/> under
    /// <paramref name="options"/> and returns the results in source order.</summary>
    /// <typeparam name="T">The type of the items.</typeparam>
    /// <typeparam name="TResult">The type of the results; not a task.</typeparam>
    /// <param name="source">The items, read once.</param>
    /// <param name="lane">The lane. Other callers can use it at the same time. The run does not dispose it.</param>
    /// <param name="options">The options of the run. At most <see cref="FanOutOptions.MaxConcurrency"/> items use the
    /// lane at once, queued ones included.</param>
    /// <param name="work">The blocking call, made once for each item on a thread of the lane. It receives the item and
    /// a token that is cancelled when the run stops early.</param>
    /// <param name="cancellationToken">Stops the run: no more items start, the token of the work is cancelled, and the
    /// run waits for work in flight.</param>
    /// <returns>A task that completes after everything the run started, with the results in source order.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null; thrown at the call.</exception>
    /// <exception cref="ArgumentException">The options set an order of completion or a look-ahead, which apply to
    /// streams only; thrown at the call. Or the work returns a task: this is thrown at the call if the type of the
    /// result is a task type, otherwise the item fails with it.</exception>
    /// <exception cref="FanOutException">The task is faulted with this if items failed under
    /// <see cref="FailureMode.RunToEnd"/>.</exception>
    /// <exception cref="OperationCanceledException">The task is cancelled if <paramref name="cancellationToken"/> is
    /// cancelled before every item succeeds and, under <see cref="FailureMode.StopAtFirst"/>, before a failure.
    /// Failures are the inner exception.</exception>
    /// <remarks>
    /// The run has the guarantees of FanOutAsync. A call that the lane refuses is a failure. Cost: that of FanOutAsync,
    /// and one call of the lane per item.
    /// </remarks>
    public static Task<TResult[]> FanOutBlockingAsync<T, TResult>(
        this IEnumerable<T> source,
        BlockingLane lane,
        FanOutOptions options,
        Func<T, CancellationToken, TResult> work,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, options, Blocking(lane, work), cancellationToken);

    /// <summary>Runs blocking work for each item on up to <paramref name="maxThreads"/> dedicated threads and returns
    /// the results in source order.</summary>
    /// <typeparam name="T">The type of the items.</typeparam>
    /// <typeparam name="TResult">The type of the results; not a task.</typeparam>
    /// <param name="source">The items, read once.</param>
    /// <param name="maxThreads">The maximum number of threads, and so of items that run at once. At least 1.</param>
    /// <param name="work">The blocking call, made once for each item on one of the threads. It receives the item and a
    /// token that is cancelled when the run stops early.</param>
    /// <param name="cancellationToken">Stops the run: no more items start, the token of the work is cancelled, and the
    /// run waits for work in flight.</param>
    /// <returns>A task that completes after everything the run started, with the results in source order. The threads
    /// have exited by then.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null; thrown at the call.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxThreads"/> is less than 1; thrown at the
    /// call.</exception>
    /// <exception cref="ArgumentException">The work returns a task. This is thrown at the call if the type of the
    /// result is a task type. Otherwise the item fails with it.</exception>
    /// <exception cref="OperationCanceledException">The task is cancelled if <paramref name="cancellationToken"/> is
    /// cancelled before a failure and before every item succeeds. Failures after the cancellation are the inner
    /// exception.</exception>
    /// <remarks>
    /// The run has the guarantees of FanOutAsync: the first failure stops it, and await throws that exception
    /// unchanged. Cost: that of FanOutAsync, and a lane that lasts as long as the run. Share one
    /// <see cref="BlockingLane"/> between runs that happen often.
    /// </remarks>
    public static Task<TResult[]> FanOutBlockingAsync<T, TResult>(
        this IEnumerable<T> source,
        int maxThreads,
        Func<T, CancellationToken, TResult> work,
        CancellationToken cancellationToken = default) =>
        OnOwnLaneAsync(
            maxThreads, (lane, options) => RunAsync(source, options, Blocking(lane, work), cancellationToken));

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
        OnOwnLaneAsync(
            maxThreads, (lane, options) => RunAsync(source, options, Blocking(lane, work), cancellationToken));

    /// <summary>Runs blocking work for each item on the threads of <paramref name="lane"/>.</summary>
    /// <inheritdoc cref="FanOutBlockingAsync{T, TResult}(IEnumerable{T}, BlockingLane, Func{T, CancellationToken, TResult}, CancellationToken)"/>
    /// <returns>A task that completes after everything the run started.</returns>
    public static Task FanOutBlockingAsync<T>(
        this IEnumerable<T> source,
        BlockingLane lane,
        Action<T, CancellationToken> work,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, LimitOf(lane), Blocking(lane, work), cancellationToken);

    /// <summary>Runs blocking work for each item on the threads of <paramref name="lane"/> under
    /// <paramref name="options"/>.</summary>
    /// <inheritdoc cref="FanOutBlockingAsync{T, TResult}(IEnumerable{T}, BlockingLane, FanOutOptions, Func{T, CancellationToken, TResult}, CancellationToken)"/>
    /// <returns>A task that completes after everything the run started.</returns>
    public static Task FanOutBlockingAsync<T>(
        this IEnumerable<T> source,
        BlockingLane lane,
        FanOutOptions options,
        Action<T, CancellationToken> work,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, options, Blocking(lane, work), cancellationToken);

    /// <summary>Runs blocking work for each item on up to <paramref name="maxThreads"/> dedicated threads.</summary>
    /// <inheritdoc cref="FanOutBlockingAsync{T, TResult}(IEnumerable{T}, int, Func{T, CancellationToken, TResult}, CancellationToken)"/>
    /// <returns>A task that completes after everything the run started. The threads have exited by then.</returns>
    public static Task FanOutBlockingAsync<T>(
        this IEnumerable<T> source,
        int maxThreads,
        Action<T, CancellationToken> work,
        CancellationToken cancellationToken = default) =>
        OnOwnLaneAsync(
            maxThreads, (lane, options) => RunAsync(source, options, Blocking(lane, work), cancellationToken));

    /// <summary>Runs blocking work for each item on the threads of <paramref name="lane"/>.</summary>
    /// <inheritdoc cref="FanOutBlockingAsync{T, TResult}(IEnumerable{T}, BlockingLane, Func{T, CancellationToken, TResult}, CancellationToken)"/>
    /// <returns>A task that completes after everything the run started.</returns>
    [OverloadResolutionPriority(2)]
    public static Task FanOutBlockingAsync<T>(
        this IAsyncEnumerable<T> source,
        BlockingLane lane,
        Action<T, CancellationToken> work,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, LimitOf(lane), Blocking(lane, work), cancellationToken);

    /// <summary>Runs blocking work for each item on the threads of <paramref name="lane"/> under
    /// <paramref name="options"/>.</summary>
    /// <inheritdoc cref="FanOutBlockingAsync{T, TResult}(IEnumerable{T}, BlockingLane, FanOutOptions, Func{T, CancellationToken, TResult}, CancellationToken)"/>
    /// <returns>A task that completes after everything the run started.</returns>
    [OverloadResolutionPriority(2)]
    public static Task FanOutBlockingAsync<T>(
        this IAsyncEnumerable<T> source,
        BlockingLane lane,
        FanOutOptions options,
        Action<T, CancellationToken> work,
        CancellationToken cancellationToken = default) =>
        RunAsync(source, options, Blocking(lane, work), cancellationToken);

    /// <summary>Runs blocking work for each item on up to <paramref name="maxThreads"/> dedicated threads.</summary>
    /// <inheritdoc cref="FanOutBlockingAsync{T, TResult}(IEnumerable{T}, int, Func{T, CancellationToken, TResult}, CancellationToken)"/>
    /// <returns>A task that completes after everything the run started. The threads have exited by then.</returns>
    [OverloadResolutionPriority(2)]
    public static Task FanOutBlockingAsync<T>(
        this IAsyncEnumerable<T> source,
        int maxThreads,
        Action<T, CancellationToken> work,
        CancellationToken cancellationToken = default) =>
        OnOwnLaneAsync(
            maxThreads, (lane, options) => RunAsync(source, options, Blocking(lane, work), cancellationToken));

    private static FanOutOptions LimitOf(BlockingLane lane)
    {
        ArgumentNullException.ThrowIfNull(lane);
        return new(lane.MaxThreads);
    }

    private static Operation<T, TResult> Blocking<T, TResult>(
        BlockingLane lane, Func<T, CancellationToken, TResult> work)
    {
        ArgumentNullException.ThrowIfNull(lane);
        ArgumentNullException.ThrowIfNull(work);
        TaskResultGuard.CheckType<TResult>(nameof(work));
        var parent = lane.CurrentWork; // Read here: the run makes its calls on other threads.
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
        var options = new FanOutOptions(Guards.AtLeast(maxThreads, 1));
        var lane = new BlockingLane(new BlockingLaneOptions { Name = "fan-out", MaxThreads = maxThreads });
        return ThenDisposeAsync(start(lane, options), lane).Unwrap(); // An await would keep only the first failure.
    }

    private static async Task<Task<TResult[]>> ThenDisposeAsync<TResult>(Task<TResult[]> run, BlockingLane lane)
    {
        _ = await Task.WhenAny(run).NoContext(); // Never throws: the caller gets the run's task.
        await lane.DisposeAsync().NoContext();
        return run;
    }
}
