using System.Diagnostics;

namespace AsyncKit;

/// <summary>The state of a lane: its threads, the idle ones among them, and the queue of the items that wait for
/// one.</summary>
/// <remarks>
/// Lifetime: from the constructor of the lane until the last thread exits after <see cref="CloseAsync"/>. One lock
/// guards the state. No work runs, no task completes, and no thread starts or wakes under it.
/// <para>
/// Invariants:
/// (1) Active is the number of items that have a thread. Every counted thread either has one item or is idle, so Active
/// + idle = Threads. Threads is at most MaxThreads.
/// (2) No thread is idle while an item is queued: a thread that becomes free takes the first item of the queue.
/// (3) Idle threads are a stack. The most recently idle thread is reused first; the oldest is at index 0 and expires
/// first.
/// (4) <c>_parents</c> is the number of items that have a thread and have called this lane without an answer yet. A
/// call that has to queue and would raise it to MaxThreads is refused. So at least one thread can continue, and the
/// queue moves.
/// (5) After the lane is closed, no thread is idle, and only the cleanup of enumerations can be queued. The task of
/// <see cref="CloseAsync"/> completes once, when the last thread has exited.
/// </para>
/// </remarks>
internal sealed partial class LaneEngine
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource<bool> _completion = AsyncEnvironment.NewCompletion<bool>();
    private readonly Action<Thread> _start;
    private readonly LaneQueue _queue = new();
    private readonly List<LaneThread> _idle = [];
    private int _threads;
    private int _active;
    private int _parents;
    private int _alive; // Includes threads that `_threads` no longer counts but that have not exited yet.
    private int _number;
    private bool _isClosed;
    private bool _isCompleted;

    /// <param name="options">The options of the lane.</param>
    /// <param name="start">Starts a thread. Tests pass one that fails.</param>
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

    /// <summary>True under the scheduler of a test, which can follow blocking code only on thread-pool threads. No
    /// thread is idle then.</summary>
    public bool UsesPool { get; }

    public int Threads => Volatile.Read(ref _threads);

    public int Active => Volatile.Read(ref _active);

    public int Queued => _queue.Count;

    /// <summary>Passes the item to a thread, queues it, or refuses it.</summary>
    /// <param name="item">The new item.</param>
    /// <param name="parent">The item of this lane that makes the call, or null. The new item is its child
    /// if it still runs.</param>
    /// <param name="mustRun">True for cleanup work, which neither a full queue nor a closed lane refuses.</param>
    public void Enqueue(LaneItem item, LaneItem? parent, bool mustRun = false)
    {
        LaneThread? thread = null;
        Exception? refusal;
        var isNew = false;
        using (_lock.EnterUninterrupted()) // An interrupt would lose cleanup work.
        {
            AssertInvariants();
            if (!item.IsPending)
            {
                return; // Its token was cancelled first.
            }

            parent = parent is { HasThread: true } ? parent : null;
            refusal = mustRun ? null : Refusal(parent);
            if (refusal is null)
            {
                item.MustRun = mustRun;
                AddChild(item, parent);
                thread = FindThread(ref item, out isNew);
            }
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
            thread?.Assign(item);
        }
    }

    /// <summary>Frees the thread whose item has finished. The thread takes the next item, becomes idle, or
    /// exits.</summary>
    /// <returns>The next item; null if the thread is idle or exits.</returns>
    public LaneItem? TakeNext(LaneThread thread, LaneItem finished, out bool exits)
    {
        var now = UsesPool ? 0 : Now();
        using (_lock.EnterUninterrupted(keepsInterrupt: false)) // An exception would end the lane's thread.
        {
            AssertInvariants();
            exits = false;
            finished.HasThread = false;
            _parents -= finished.Children > 0 ? 1 : 0;
            RemoveChild(finished);
            Deactivate();
            if (_queue.First is { } next)
            {
                _queue.Remove(next);
                Activate(next);
                return next;
            }

            exits = _isClosed || UsesPool || Options.IdleTimeout == TimeSpan.Zero;
            if (exits)
            {
                _threads--;
            }
            else
            {
                thread.IdleSince = now;
                _idle.Add(thread);
            }

            return null;
        }
    }

    /// <summary>Removes an item whose token was cancelled before it started.</summary>
    public void Remove(LaneItem item)
    {
        using (_lock.EnterUninterrupted())
        {
            AssertInvariants();
            if (LaneQueue.Contains(item))
            {
                _queue.Remove(item);
            }

            RemoveChild(item);
        }
    }

    /// <summary>Records that no caller waits for the item any longer. The item keeps its thread.</summary>
    public void Abandon(LaneItem item)
    {
        LaneMetrics.CountAbandoned(this);
        using (_lock.EnterUninterrupted())
        {
            RemoveChild(item);
        }
    }

    /// <summary>Refuses new items, cancels queued ones except cleanup work, and lets idle threads exit.</summary>
    /// <returns>A task that completes when the last thread has exited.</returns>
    public Task CloseAsync()
    {
        List<LaneItem> queued = [];
        List<LaneThread> idle;
        bool isLast;
        lock (_lock)
        {
            AssertInvariants();
            _isClosed = true;
            var next = _queue.First;
            for (var count = _queue.Count; count > 0; count--)
            {
                var item = next!;
                next = item.Next;
                if (!item.MustRun)
                {
                    _queue.Remove(item);
                    RemoveChild(item);
                    queued.Add(item);
                }
            }

            idle = TakeOldestIdle(_idle.Count);
            isLast = TryComplete();
        }

        LaneMetrics.Remove(this);
        queued.ForEach(static item => item.CancelWithLane());
        LaneThread.ExitAll(idle);
        _timer?.Dispose();
        if (isLast)
        {
            AsyncEnvironment.Complete(_completion, true);
        }

        return _completion.Task;
    }

    private Exception? Refusal(LaneItem? parent)
    {
        if (_isClosed)
        {
            return new ObjectDisposedException(Options.Name, $"The lane '{Options.Name}' is disposed.");
        }

        if (_idle.Count > 0 || _threads < Options.MaxThreads)
        {
            return null;
        }

        if (Options.WhenFull == WhenFull.Reject && _queue.Count >= (Options.MaxQueued ?? int.MaxValue))
        {
            return new BlockingLaneFullException(Options.Name, Options.MaxThreads, _queue.Count);
        }

        return parent is not null && _parents + (parent.Children == 0 ? 1 : 0) >= Options.MaxThreads
            ? new InvalidOperationException(FormattableString.Invariant(
                $"The lane '{Options.Name}' would deadlock: every thread (MaxThreads: {Options.MaxThreads}) would wait for work on the same lane. Call the work directly, or use another lane."))
            : null;
    }

    private void Activate(LaneItem item)
    {
        item.HasThread = true;
        _active++;
        LeakCounter.Begin();
    }

    private void Deactivate()
    {
        _active--;
        LeakCounter.End();
    }

    private void AddChild(LaneItem item, LaneItem? parent)
    {
        item.Parent = parent;
        if (parent is not null && parent.Children++ == 0)
        {
            _parents++;
        }
    }

    /// <summary>The item has finished, or no caller waits for it any longer.</summary>
    private void RemoveChild(LaneItem item)
    {
        if (item.Parent is { } parent)
        {
            item.Parent = null; // Otherwise a chain of items, each called by the one before, stays reachable.
            if (--parent.Children == 0 && parent.HasThread)
            {
                _parents--;
            }
        }
    }

    /// <returns>True once: when the lane is closed and its last thread has exited.</returns>
    private bool TryComplete()
    {
        var isLast = _isClosed && _alive == 0 && !_isCompleted;
        _isCompleted |= isLast;
        return isLast;
    }

    [Conditional("DEBUG")]
    private void AssertInvariants()
    {
        Debug.Assert(_lock.IsHeldByCurrentThread, "The lock is held.");
        Debug.Assert(_threads <= Options.MaxThreads, "(1) Threads is at most MaxThreads.");
        Debug.Assert(_active >= 0 && _active + _idle.Count == _threads, "(1) A thread has one item or is idle.");
        Debug.Assert(_queue.First is null || _idle.Count == 0, "(2) No thread is idle while an item is queued.");
        Debug.Assert(_queue.First is null == _queue.Count is 0, "(2) Count is the length of the queue.");
        Debug.Assert(_parents >= 0 && _parents <= _active, "(4) Only an item that has a thread is a parent.");
        Debug.Assert(_alive >= _threads, "(5) A thread is alive until it has exited.");
        Debug.Assert(!_isClosed || _idle.Count == 0, "(5) No thread is idle after the lane is closed.");
    }
}
