namespace AsyncKit;

/// <summary>
/// What a lane is: its threads, those of them that are idle, and what waits for one. One lock guards all of it; nothing
/// is run, completed, started or woken under it.
/// </summary>
/// <remarks>
/// Invariants:
/// (1) Active is how many items have a thread. Threads that are not idle and have not left have one each, so
/// Active + idle = Threads, and Threads is at most MaxThreads.
/// (2) While something is queued no thread is idle: who becomes free takes the first in the queue.
/// (3) Idle threads are a stack, the last one in is the first one out; so the oldest is at the bottom, and ends first.
/// (4) Nesting is how many items that have a thread wait, or may wait, for other items of this lane that have not ended.
/// It stays below MaxThreads by what must queue: one thread at least can go on, so the queue moves.
/// (5) After the end of the lane no thread is idle and nothing is queued but the cleaning up of enumerations; it has
/// ended when the last thread has left.
/// </remarks>
internal sealed partial class LaneEngine
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource<bool> _ended = AsyncEnvironment.NewCompletion<bool>();
    private readonly Action<Thread> _start;
    private LaneItem? _first;
    private LaneItem? _last;
    private LaneThread? _top;
    private LaneThread? _bottom;
    private int _queued;
    private int _threads;
    private int _active;
    private int _nesting;
    private int _alive; // Threads that have left count until they are really over.
    private int _number;
    private bool _isEnding;
    private bool _hasEnded;

    /// <param name="options">The lane's.</param>
    /// <param name="start">How a thread is started; for tests, that let it fail.</param>
    public LaneEngine(BlockingLaneOptions options, Action<Thread>? start = null)
    {
        Options = options;
        Clock = AsyncEnvironment.Clock(options.TimeProvider);
        UsesPool = AsyncEnvironment.Controller is not null;
        _start = start ?? (static thread => thread.UnsafeStart());
        LaneMetrics.Add(this);
    }

    public BlockingLaneOptions Options { get; }

    public TimeProvider Clock { get; }

    /// <summary>Under a test's scheduler: it follows blocking code on threads of the pool only. Nothing is idle then.</summary>
    public bool UsesPool { get; }

    public int Threads => Volatile.Read(ref _threads);

    public int Active => Volatile.Read(ref _active);

    public int Queued => Volatile.Read(ref _queued);

    /// <summary>Finds a thread for the item, or a place in the queue, or refuses it.</summary>
    /// <param name="item">Counts as nested in the parent, if that still runs.</param>
    /// <param name="parent">The work of this lane that makes the call.</param>
    /// <param name="mustRun">True for cleaning up: neither a full queue nor the end of the lane refuses it.</param>
    public void Give(LaneItem item, LaneItem? parent, bool mustRun = false)
    {
        LaneThread? thread;
        Exception? refusal;
        var isNew = false;
        lock (_lock)
        {
            AssertInvariants();
            if (!item.IsWaiting)
            {
                return; // Its token was first.
            }

            parent = parent is { HasThread: true } ? parent : null;
            refusal = mustRun ? null : Refusal(parent);
            if (refusal is null)
            {
                AddChild(item, parent);
            }

            thread = refusal is null ? Place(ref item, out isNew) : null;
        }

        if (refusal is not null)
        {
            if (refusal is BlockingLaneFullException)
            {
                LaneMetrics.CountRejected(this);
            }

            item.Refuse(refusal);
        }
        else if (isNew)
        {
            Start(thread!, item);
        }
        else
        {
            thread?.Take(item);
        }
    }

    /// <summary>The thread has ended this item's work, and takes the next, or is idle, or leaves.</summary>
    /// <returns>The next item; null if there is none.</returns>
    public LaneItem? Free(LaneThread thread, LaneItem ended, out bool leaves)
    {
        var now = UsesPool ? 0 : Now();
        lock (_lock)
        {
            AssertInvariants();
            leaves = false;
            ended.HasThread = false;
            _nesting -= ended.Nested > 0 ? 1 : 0;
            RemoveChild(ended);
            Deactivate();
            if (_first is { } next)
            {
                Unlink(next);
                Activate(next);
                return next;
            }

            leaves = _isEnding || UsesPool || Options.IdleTimeout == TimeSpan.Zero;
            if (leaves)
            {
                _threads--;
            }
            else
            {
                thread.IdleSince = now;
                Push(thread);
            }

            return null;
        }
    }

    /// <summary>The last thing a thread does.</summary>
    public void Leave()
    {
        bool isLast;
        lock (_lock)
        {
            _alive--;
            isLast = _isEnding && _alive == 0 && !_hasEnded;
            _hasEnded |= isLast;
        }

        if (isLast)
        {
            AsyncEnvironment.Complete(_ended, true);
        }
    }

    /// <summary>A token has cancelled what had not begun.</summary>
    public void Forget(LaneItem item)
    {
        lock (_lock)
        {
            AssertInvariants();
            if (item.IsQueued)
            {
                Unlink(item);
            }

            RemoveChild(item);
        }
    }

    /// <summary>Nobody waits for it any more. It keeps its thread.</summary>
    public void Abandon(LaneItem item)
    {
        LaneMetrics.CountAbandoned(this);
        lock (_lock)
        {
            RemoveChild(item);
        }
    }

    /// <summary>Takes nothing any more, cancels what waits, lets idle threads go.</summary>
    /// <returns>Ends after the last thread.</returns>
    public Task EndAsync()
    {
        List<LaneItem> waiting = [];
        List<LaneThread> idle = [];
        bool isLast;
        lock (_lock)
        {
            AssertInvariants();
            _isEnding = true;
            while (_first is { } item)
            {
                Unlink(item);
                RemoveChild(item);
                waiting.Add(item);
            }

            while (_top is { } thread)
            {
                Remove(thread);
                _threads--;
                idle.Add(thread);
            }

            isLast = _alive == 0 && !_hasEnded;
            _hasEnded |= isLast;
        }

        LaneMetrics.Remove(this);
        waiting.ForEach(static item => item.CancelWithLane());
        LaneThread.LetGo(idle);
        _timer?.Dispose();
        if (isLast)
        {
            AsyncEnvironment.Complete(_ended, true);
        }

        return _ended.Task;
    }

    private Exception? Refusal(LaneItem? parent)
    {
        if (_isEnding)
        {
            return new ObjectDisposedException(Options.Name, $"The lane '{Options.Name}' is disposed.");
        }

        if (_top is not null || _threads < Options.MaxThreads)
        {
            return null;
        }

        if (Options.WhenFull == WhenFull.Reject && _queued >= (Options.MaxQueued ?? int.MaxValue))
        {
            return new BlockingLaneFullException(Options.Name, Options.MaxThreads, _queued);
        }

        var nesting = _nesting + (parent is { Nested: 0 } ? 1 : 0);
        return parent is not null && nesting >= Options.MaxThreads
            ? new InvalidOperationException(FormattableString.Invariant(
                $"Each of the {Options.MaxThreads} threads of the lane '{Options.Name}' would wait for work on the same lane, so none of it would ever begin. Call it directly, or use another lane."))
            : null;
    }
}
