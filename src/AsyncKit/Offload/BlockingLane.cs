using System.Globalization;
using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <summary>Provides dedicated threads for blocking calls: a thread limit, a queue, cancellation and
/// counters.</summary>
/// <remarks>
/// Running:
/// <list type="bullet">
/// <item>Work never runs on the thread pool and never on the caller's thread. A lane has at most MaxThreads threads, so
/// at most MaxThreads work items run at once.</item>
/// <item>Threads are background threads named <c>AsyncKit:&lt;lane&gt;-&lt;n&gt;</c>. They start on demand, are reused
/// most-recently-idle first, and exit after the idle time.</item>
/// <item>Work starts in the order of the calls.</item>
/// <item>The caller's continuations run on the thread pool or on the caller's context, never on the lane's
/// threads.</item>
/// <item>Each work item runs in the caller's ExecutionContext as it was at the call. An AsyncLocal value set by one
/// work item is not visible to the next.</item>
/// <item>A thread counts as busy until its work returns, even if no caller waits for it any longer.</item>
/// <item>Work that returns a task is refused with an ArgumentException: the thread would be free at the first await, so
/// the lane would limit nothing.</item>
/// </list>
/// Cancellation and disposal:
/// <list type="bullet">
/// <item>Work that is cancelled before it starts never runs, and its task completes at once.</item>
/// <item><see cref="OnCancel.Wait"/>: the caller waits until the work returns. A success after the cancellation is a
/// success.</item>
/// <item><see cref="OnCancel.Abandon"/>: the caller's task is cancelled at once. The thread counts as busy until the
/// work returns.</item>
/// <item><see cref="OnCancel.Interrupt"/>: Thread.Interrupt reaches the managed wait that the work is in, or the next
/// one it enters. It never reaches the next work item: the lane consumes an interrupt that comes late.</item>
/// <item>An <see cref="OperationCanceledException"/> counts as cancellation only if the caller's token is cancelled,
/// and a <see cref="ThreadInterruptedException"/> only if the lane interrupted the work. Await throws any other
/// exception of the work unchanged.</item>
/// <item>A call that would deadlock the lane is refused: one after which every thread of the lane runs work that called
/// the same lane and may wait for it.</item>
/// <item>Disposing a lane refuses new work, cancels queued work, and completes after running work returns. Every task
/// completes.</item>
/// </list>
/// All members are thread-safe.
/// </remarks>
/// <example>
/// <code>
/// await using var lane = new BlockingLane(maxThreads: 16);
///
/// string text = await lane.RunAsync(() =&gt; driver.Read(), cancellationToken); // Blocks a thread of the lane.
/// </code>
/// </example>
public sealed class BlockingLane : IAsyncDisposable
{
    private const int SharedThreads = 64;
    private const string SharedThreadsKey = "AsyncKit.BlockingLane.Shared.MaxThreads";

    private static readonly Lazy<BlockingLane> SharedLane = new(NewShared);
    private static readonly Lazy<BlockingLane> SharedUnderControl = new(NewShared);

    private readonly LaneEngine _engine;

    /// <summary>Creates a lane without threads. The first call starts the first thread.</summary>
    /// <param name="options">The options of the lane.</param>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    [OverloadResolutionPriority(1)] // For new BlockingLane(new() { ... }).
    public BlockingLane(BlockingLaneOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _engine = new LaneEngine(options);
    }

    /// <summary>Creates a lane with the default options. It starts no thread before its first work item.</summary>
    /// <param name="maxThreads">The maximum number of threads. At least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxThreads"/> is less than 1.</exception>
    public BlockingLane(int maxThreads)
        : this(new BlockingLaneOptions { MaxThreads = Guards.AtLeast(maxThreads, 1) })
    {
    }

    /// <summary>The lane of the process, which <see cref="Offload"/> uses.</summary>
    /// <value>A lane with at most 64 threads, an unbounded queue and an idle time of 20 s. It lasts as long as the
    /// process and cannot be disposed. The AppContext value <c>AsyncKit.BlockingLane.Shared.MaxThreads</c>, read at the
    /// first use, changes the limit; in a project file it is a <c>RuntimeHostConfigurationOption</c>.</value>
    /// <exception cref="InvalidOperationException">The AppContext value is not an integer of at least 1.</exception>
    public static BlockingLane Shared => (AsyncEnvironment.Controller is null ? SharedLane : SharedUnderControl).Value;

    /// <summary>The name of the lane.</summary>
    public string Name => _engine.Options.Name;

    /// <summary>The maximum number of threads, and so of work items that run at once.</summary>
    public int MaxThreads => _engine.Options.MaxThreads;

    /// <summary>The current number of threads, busy or idle.</summary>
    public int Threads => _engine.Threads;

    /// <summary>The current number of work items that have a thread, including abandoned ones.</summary>
    public int Active => _engine.Active;

    /// <summary>The current number of work items that wait for a thread.</summary>
    public int Queued => _engine.Queued;

    /// <summary>The work item of this lane that the current thread runs; null on any other thread.</summary>
    internal LaneItem? CurrentWork => LaneThread.Current is { } work && work.Engine == _engine ? work : null;

    /// <summary>Runs a blocking call on a thread of the lane.</summary>
    /// <typeparam name="TResult">The type of the result; not a task.</typeparam>
    /// <param name="work">The blocking call. If it takes a token, it receives
    /// <paramref name="cancellationToken"/>.</param>
    /// <param name="cancellationToken">Cancels the call. Work that has not started never runs. The caller waits for
    /// work that has started.</param>
    /// <returns>A task that completes when the work returns, with its result or its exception. The task's continuations
    /// never run on the lane's thread.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="work"/> is null; thrown at the call.</exception>
    /// <exception cref="ArgumentException">The work returns a task. This is thrown at the call if the type of the
    /// result is a task type. Otherwise the task is faulted with it.</exception>
    /// <exception cref="OperationCanceledException">The task is cancelled if the token was cancelled before the work
    /// started, if the work threw this after the token was cancelled, or if the lane was disposed before the work
    /// started.</exception>
    /// <exception cref="BlockingLaneFullException">The task is faulted with this if the lane is full and
    /// <see cref="BlockingLaneOptions.WhenFull"/> is <see cref="WhenFull.Reject"/>.</exception>
    /// <exception cref="ObjectDisposedException">The task is faulted with this if the lane is disposed.</exception>
    /// <exception cref="InvalidOperationException">The task is faulted with this if work on this lane made the call,
    /// and every thread of the lane would then wait for work that cannot start.</exception>
    /// <remarks>Cost: three objects, about 250 bytes. Waking a sleeping thread takes the caller a few microseconds,
    /// starting a thread about 100.</remarks>
    public Task<TResult> RunAsync<TResult>(Func<TResult> work, CancellationToken cancellationToken = default) =>
        RunAsync(work, OnCancel.Wait, cancellationToken);

    /// <summary>Runs a blocking call on a thread of the lane, with a choice of how a cancellation affects work that has
    /// started.</summary>
    /// <typeparam name="TResult">The type of the result; not a task.</typeparam>
    /// <param name="work">The blocking call. If it takes a token, it receives
    /// <paramref name="cancellationToken"/>.</param>
    /// <param name="onCancel">The effect of a cancellation on work that has started.</param>
    /// <param name="cancellationToken">Cancels the call. Work that has not started never runs. Work that has started is
    /// handled according to <paramref name="onCancel"/>.</param>
    /// <returns>A task that completes when the work returns, with its result or its exception, or earlier if the caller
    /// abandons it. The task's continuations never run on the lane's thread.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="work"/> is null; thrown at the call.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="onCancel"/> is not a defined value; thrown at the
    /// call.</exception>
    /// <exception cref="ArgumentException">The work returns a task. This is thrown at the call if the type of the
    /// result is a task type. Otherwise the task is faulted with it.</exception>
    /// <exception cref="OperationCanceledException">The task is cancelled if the token was cancelled before the work
    /// started, or if the lane was disposed before that. It is also cancelled if the cancellation abandoned or
    /// interrupted the work, or if the work threw this after the token was cancelled.</exception>
    /// <exception cref="BlockingLaneFullException">The task is faulted with this if the lane is full and
    /// <see cref="BlockingLaneOptions.WhenFull"/> is <see cref="WhenFull.Reject"/>.</exception>
    /// <exception cref="ObjectDisposedException">The task is faulted with this if the lane is disposed.</exception>
    /// <exception cref="InvalidOperationException">The task is faulted with this if work on this lane made the call,
    /// and every thread of the lane would then wait for work that cannot start.</exception>
    /// <remarks>Cost: three objects, about 250 bytes, and the registration with the token. Waking a sleeping thread
    /// takes the caller a few microseconds, starting a thread about 100.</remarks>
    public Task<TResult> RunAsync<TResult>(
        Func<TResult> work, OnCancel onCancel, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return StartAsync(static (work, _) => work(), work, onCancel, cancellationToken);
    }

    /// <inheritdoc cref="RunAsync{TResult}(Func{TResult}, CancellationToken)"/>
    [OverloadResolutionPriority(1)]
    public Task<TResult> RunAsync<TResult>(
        Func<CancellationToken, TResult> work, CancellationToken cancellationToken = default) =>
        RunAsync(work, OnCancel.Wait, cancellationToken);

    /// <inheritdoc cref="RunAsync{TResult}(Func{TResult}, OnCancel, CancellationToken)"/>
    [OverloadResolutionPriority(1)]
    public Task<TResult> RunAsync<TResult>(
        Func<CancellationToken, TResult> work, OnCancel onCancel, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return StartAsync(static (work, token) => work(token), work, onCancel, cancellationToken);
    }

    /// <inheritdoc cref="RunAsync{TResult}(Func{TResult}, CancellationToken)"/>
    /// <returns>A task that completes when the work returns. Its continuations never run on the lane's
    /// thread.</returns>
    public Task RunAsync(Action work, CancellationToken cancellationToken = default) =>
        RunAsync(work, OnCancel.Wait, cancellationToken);

    /// <inheritdoc cref="RunAsync{TResult}(Func{TResult}, OnCancel, CancellationToken)"/>
    /// <returns>A task that completes when the work returns, or earlier if the caller abandons it. The task's
    /// continuations never run on the lane's thread.</returns>
    public Task RunAsync(Action work, OnCancel onCancel, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return StartAsync(
            static (work, _) =>
            {
                work();
                return default(Unit);
            },
            work,
            onCancel,
            cancellationToken);
    }

    /// <inheritdoc cref="RunAsync(Action, CancellationToken)"/>
    [OverloadResolutionPriority(1)]
    public Task RunAsync(Action<CancellationToken> work, CancellationToken cancellationToken = default) =>
        RunAsync(work, OnCancel.Wait, cancellationToken);

    /// <inheritdoc cref="RunAsync(Action, OnCancel, CancellationToken)"/>
    [OverloadResolutionPriority(1)]
    public Task RunAsync(
        Action<CancellationToken> work, OnCancel onCancel, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return StartAsync(
            static (work, token) =>
            {
                work(token);
                return default(Unit);
            },
            work,
            onCancel,
            cancellationToken);
    }

    /// <summary>Enumerates a blocking sequence on the lane's threads and returns its items as a stream, for example a
    /// directory tree, the rows of a synchronous reader or the lines of a file.</summary>
    /// <typeparam name="T">The type of the items.</typeparam>
    /// <param name="blockingSequence">The sequence, enumerated once per enumeration of the stream. One thread at a time
    /// moves its enumerator, but not always the same thread, so the enumerator must not be thread-affine.</param>
    /// <param name="cancellationToken">Stops the enumeration, as does the token passed to the enumeration of the
    /// stream.</param>
    /// <returns>A stream that starts when its first item is requested. Each enumeration is separate.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="blockingSequence"/> is null; thrown at the
    /// call.</exception>
    /// <exception cref="OperationCanceledException">The enumeration throws this if a token is cancelled, or if the lane
    /// is disposed while items are still to be read.</exception>
    /// <exception cref="BlockingLaneFullException">The enumeration throws this if the lane is full and rejects
    /// work.</exception>
    /// <exception cref="ObjectDisposedException">The enumeration throws this if the lane is disposed.</exception>
    /// <remarks>
    /// <list type="bullet">
    /// <item>At most 64 items are read ahead. The enumerator is created, moved and disposed on the lane.</item>
    /// <item>A slow reader holds no thread: the thread is released when 64 items are buffered, and the enumeration
    /// continues on a thread of the lane when half of them are read.</item>
    /// <item>An exception of the sequence is thrown after the items before it.</item>
    /// <item>Stopping early, by a break or by a token, waits for a MoveNext that is running and then disposes the
    /// enumerator. Later failures are not reported.</item>
    /// </list>
    /// Cost: a channel per enumeration, and one call of the lane per 32 items or more.
    /// </remarks>
    public IAsyncEnumerable<T> Enumerate<T>(
        IEnumerable<T> blockingSequence, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(blockingSequence);
        return ReadAsync(blockingSequence, cancellationToken);
    }

    /// <summary>Refuses new work, cancels queued work, and waits for running work, including abandoned work. Can be
    /// called more than once.</summary>
    /// <returns>A task that completes when the last thread has exited.</returns>
    /// <exception cref="InvalidOperationException">The lane is <see cref="Shared"/>, or work on this lane made the call
    /// and would wait for itself; thrown at the call.</exception>
    public ValueTask DisposeAsync()
    {
        if (IsValueOf(SharedLane) || IsValueOf(SharedUnderControl))
        {
            throw new InvalidOperationException(
                "BlockingLane.Shared must not be disposed; it lasts as long as the process. Dispose only your own lanes.");
        }

        if (CurrentWork is not null)
        {
            throw new InvalidOperationException(
                $"Work on the lane '{Name}' must not dispose that lane; it would wait for itself. Dispose it elsewhere.");
        }

        return new ValueTask(_engine.CloseAsync());

        bool IsValueOf(Lazy<BlockingLane> lane) => lane.IsValueCreated && lane.Value == this;
    }

    /// <summary>The thread limit of <see cref="Shared"/> for a value of the AppContext.</summary>
    internal static int SharedLimit(object? configured) => configured switch
    {
        null => SharedThreads,
        int number when number >= 1 => number,
        string text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= 1 => number,
        _ => throw new InvalidOperationException(
            $"The AppContext value {SharedThreadsKey} must be an integer of at least 1; it was '{configured}'."),
    };

    /// <summary>Checks the arguments of a call and starts the work. Every public call ends up here or in the overload
    /// below.</summary>
    internal Task<TResult> StartAsync<TState, TResult>(
        Func<TState, CancellationToken, TResult> work,
        TState state,
        OnCancel onCancel,
        CancellationToken cancellationToken)
    {
        TaskResultGuard.CheckType<TResult>(nameof(work));
        _ = Guards.Defined(onCancel);
        return StartAsync(work, state, onCancel, CurrentWork, cancellationToken);
    }

    /// <summary>Starts work whose arguments are checked.</summary>
    /// <param name="work">The blocking call.</param>
    /// <param name="state">The state that is passed to the work. It saves a closure per call.</param>
    /// <param name="onCancel">The effect of a cancellation.</param>
    /// <param name="parent">The work item of this lane that may wait for this one, or null.</param>
    /// <param name="cancellationToken">The caller's token.</param>
    internal Task<TResult> StartAsync<TState, TResult>(
        Func<TState, CancellationToken, TResult> work,
        TState state,
        OnCancel onCancel,
        LaneItem? parent,
        CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<TResult>(cancellationToken);
        }

        var item = new LaneItem<TState, TResult>(_engine, work, state, onCancel, cancellationToken);
        item.RegisterToken();
        _engine.Enqueue(item, parent);
        return item.Task;
    }

    /// <summary>Runs cleanup work, even if the queue is full or the lane is disposed.</summary>
    internal Task CleanUpAsync<TState>(Func<TState, CancellationToken, Unit> work, TState state)
    {
        var item = new LaneItem<TState, Unit>(_engine, work, state, OnCancel.Wait, default);
        _engine.Enqueue(item, parent: null, mustRun: true);
        return item.Task;
    }

    private static BlockingLane NewShared() =>
        new(new() { Name = "shared", MaxThreads = SharedLimit(AppContext.GetData(SharedThreadsKey)) });

    private async IAsyncEnumerable<T> ReadAsync<T>(
        IEnumerable<T> sequence, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var enumeration = new LaneEnumeration<T>(this, sequence);
        try
        {
            while (await enumeration.WaitAsync(cancellationToken).NoContext())
            {
                while (enumeration.TryRead(out var item))
                {
                    yield return item;
                    cancellationToken.ThrowIfCancellationRequested();
                }
            }
        }
        finally
        {
            await enumeration.StopAsync().NoContext();
        }
    }
}
