using System.Globalization;

namespace AsyncKit;

/// <summary>
/// Threads of its own for blocking calls: as many as needed up to a limit, apart from the thread pool, with a queue in
/// front, cancellation, counters and an orderly end.
/// </summary>
/// <remarks>
/// Running:
/// <list type="bullet">
/// <item>Work never runs on the thread pool and never on the caller's thread. At most MaxThreads threads, so at most as
/// much work at once.</item>
/// <item>Threads are background threads named <c>AsyncKit:&lt;lane&gt;-&lt;n&gt;</c>. They are started on demand, reused
/// most-recently-idle first, and end after the idle time.</item>
/// <item>Work starts in the order of the calls.</item>
/// <item>The caller's continuations run on the pool or on the caller's context, never on the lane's threads.</item>
/// <item>Each work item sees the caller's ExecutionContext as it was at the call: an AsyncLocal set by one is not seen by
/// the next.</item>
/// <item>A thread counts as busy until the work has really ended, whether or not somebody still waits for it.</item>
/// <item>An async delegate is refused: by the compiler, and at run time when the work returns a task.</item>
/// </list>
/// Ending:
/// <list type="bullet">
/// <item>Work that is cancelled before it has begun never runs, and its task ends at once.</item>
/// <item><see cref="OnCancel.Wait"/>: the caller waits for the end of the work. A success that comes after the
/// cancellation is a success.</item>
/// <item><see cref="OnCancel.Abandon"/>: the caller leaves at once; the thread stays counted until the work ends.</item>
/// <item><see cref="OnCancel.Interrupt"/>: Thread.Interrupt reaches the managed wait that the work is in, or the next one
/// it begins. It never hits the next work item: an interrupt that comes late is taken back.</item>
/// <item>An <see cref="OperationCanceledException"/> counts as cancellation only when the caller's token is cancelled, a
/// <see cref="ThreadInterruptedException"/> only when the lane has interrupted. Anything else that the work throws is
/// thrown by await as it is.</item>
/// <item>Work that would wait for its own lane for ever is refused: when every thread of the lane runs work that has
/// called the same lane and waits for it.</item>
/// <item>Disposing a lane refuses new work, cancels what waits, and ends after what runs. Every task ends.</item>
/// </list>
/// </remarks>
public sealed partial class BlockingLane : IAsyncDisposable
{
    private const int SharedThreads = 64;
    private const string SharedThreadsKey = "AsyncKit.BlockingLane.Shared.MaxThreads";

    private static readonly Lazy<BlockingLane> SharedLane = new(NewShared);
    private static readonly Lazy<BlockingLane> SharedUnderControl = new(NewShared);

    private readonly LaneEngine _engine;

    /// <summary>A lane without a thread: the first comes with the first work.</summary>
    /// <param name="options">Its limit, and what else governs it.</param>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    public BlockingLane(BlockingLaneOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _engine = new LaneEngine(options);
    }

    /// <summary>The lane of the process, for <see cref="Offload"/> and for whoever needs none of its own.</summary>
    /// <value>At most 64 threads, an unbounded queue, an idle time of 20 s. The AppContext value
    /// <c>AsyncKit.BlockingLane.Shared.MaxThreads</c>, read at the first use, sets another limit; in a project file that is a
    /// <c>RuntimeHostConfigurationOption</c>. It lasts as long as the process and cannot be disposed.</value>
    /// <exception cref="InvalidOperationException">The AppContext value is not a whole number of at least 1.</exception>
    public static BlockingLane Shared => (AsyncEnvironment.Controller is null ? SharedLane : SharedUnderControl).Value;

    /// <summary>What the lane is called.</summary>
    public string Name => _engine.Options.Name;

    /// <summary>The most threads, and so the most work that runs at the same time.</summary>
    public int MaxThreads => _engine.Options.MaxThreads;

    /// <summary>How many threads there are now, busy or idle.</summary>
    public int Threads => _engine.Threads;

    /// <summary>How much work has a thread now, abandoned work too.</summary>
    public int Active => _engine.Active;

    /// <summary>How much work waits for a thread now.</summary>
    public int Queued => _engine.Queued;

    internal LaneEngine Engine => _engine;

    /// <summary>Refuses new work, cancels what waits for a thread, and waits for what runs, abandoned work too. May be called
    /// more than once.</summary>
    /// <returns>Ends when the last thread has.</returns>
    /// <exception cref="InvalidOperationException">It is <see cref="Shared"/>, or the call is made by work on this lane, which
    /// would wait for itself; thrown at the call.</exception>
    public ValueTask DisposeAsync()
    {
        if (IsOf(SharedLane) || IsOf(SharedUnderControl))
        {
            throw new InvalidOperationException("BlockingLane.Shared lasts as long as the process. Dispose lanes of your own.");
        }

        if (LaneThread.Current?.Engine == _engine)
        {
            throw new InvalidOperationException(
                $"Work on the lane '{Name}' must not dispose that lane: it would wait for its own end.");
        }

        return new ValueTask(_engine.EndAsync());

        bool IsOf(Lazy<BlockingLane> lane) => lane.IsValueCreated && lane.Value == this;
    }

    internal static int SharedLimit(object? configured) => configured switch
    {
        null => SharedThreads,
        int number when number >= 1 => number,
        string text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= 1 => number,
        _ => throw new InvalidOperationException(
            $"The AppContext value {SharedThreadsKey} must be a whole number of at least 1, not '{configured}'."),
    };

    private static BlockingLane NewShared() =>
        new(new BlockingLaneOptions { Name = "shared", MaxThreads = SharedLimit(AppContext.GetData(SharedThreadsKey)) });
}
