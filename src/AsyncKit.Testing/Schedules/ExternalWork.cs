using System.Collections.Concurrent;

namespace AsyncKit.Testing;

/// <summary>
/// The work of a schedule on other threads: items that are queued to the thread pool, running there, or blocked there.
/// </summary>
/// <remarks>
/// <see cref="ScheduleFlow"/> reports when user code enters and leaves a thread. The rest of a work item, before and after
/// user code, is certainly over when its thread starts another item, or when the thread pool is quiet. In a process where
/// other code keeps pool threads busy, neither may happen. Then a time that is far longer than such a rest must do.
/// Items are identified by address. After a garbage collection moved a queued item, its start is not recognized; then
/// markers that are queued behind it show that it started.
/// </remarks>
internal sealed class ExternalWork
{
    private static readonly TimeSpan LongestUnseen = TimeSpan.FromMilliseconds(20);

    /// <summary>The same if no other code can be the reason, only a busy processor.</summary>
    private static readonly TimeSpan LongestOwn = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan LongestLook = TimeSpan.FromMicroseconds(100);

    private static readonly TimeSpan LongestStep = TimeSpan.FromMilliseconds(100);

    private static readonly ConcurrentDictionary<long, ExternalWork> QueuedBy = new(); // By the number of the item.

    [ThreadStatic]
    private static ExternalWork? _lastItemIsOf;

    private readonly Lock _lock = new();
    private readonly HashSet<long> _queued = [];
    private readonly HashSet<Thread> _begun = []; // Their last item belongs to the schedule and may still run.
    private readonly HashSet<Thread> _running = []; // In user code and not blocked.
    private bool _isDirty;
    private bool _isHeld;
    private int _collections;
    private long _lastLook;
    private TimeSpan _unseen;
    private ThreadPoolMarker? _marker;

    /// <summary>True while a step runs. Work that moves to another thread then waits, but not forever, because the
    /// step may spin until that work has started.</summary>
    public bool IsHeld
    {
        get => Volatile.Read(ref _isHeld);
        set => Volatile.Write(ref _isHeld, value);
    }

    public void Enter()
    {
        lock (_lock)
        {
            See();
            _ = _running.Add(Thread.CurrentThread);
        }

        if (IsHeld)
        {
            var begin = TimeProvider.System.GetTimestamp();
            var spinner = default(SpinWait);
            while (IsHeld && TimeProvider.System.GetElapsedTime(begin) < LongestStep)
            {
                spinner.SpinOnce();
            }
        }
    }

    public void Leave() => _ = TryLeave();

    /// <summary>Records a queued item. After user code, a thread without context may still queue continuations of it.</summary>
    public static void QueuedBySomeone(long item) => (Schedule.Current?.ExternalWork ?? _lastItemIsOf)?.Queue(item);

    private void Queue(long item)
    {
        lock (_lock)
        {
            See();
            _ = _queued.Add(item);
            QueuedBy[item] = this;
        }
    }

    /// <summary>Records that a pool thread starts an item, so its previous item is over.</summary>
    public static void Begin(long item)
    {
        _ = QueuedBy.TryRemove(item, out var owner);
        if (_lastItemIsOf is { } last && last != owner)
        {
            last.OnEnded();
        }

        _lastItemIsOf = owner;
        if (owner is null)
        {
            ThreadPoolNoise.CountBegunByOther();
        }
        else
        {
            owner.OnBegun(item);
        }
    }

    /// <summary>Blocks a pool thread. It may wait for the controlled thread, so the schedule does not wait for
    /// it.</summary>
    public int Wait(IntPtr[] waitHandles, bool waitAll, int millisecondsTimeout)
    {
        var wasRunning = TryLeave();
        try
        {
            return ControlledContext.ReallyWait(waitHandles, waitAll, millisecondsTimeout);
        }
        finally
        {
            if (wasRunning)
            {
                lock (_lock)
                {
                    See();
                    _ = _running.Add(Thread.CurrentThread);
                }
            }
        }
    }

    /// <summary>Waits until all external work is over or blocked.</summary>
    public void Settle()
    {
        if (!Volatile.Read(ref _isDirty))
        {
            return;
        }

        var spinner = default(SpinWait);
        while (!IsSettled())
        {
            spinner.SpinOnce(sleep1Threshold: -1); // Yields and never sleeps a whole millisecond.
        }
    }

    private bool IsSettled()
    {
        lock (_lock)
        {
            // A thread whose context was set and never restored reports no exit.
            if (_running.Count > 0 && _running.RemoveWhere(static thread => !thread.IsAlive) >= 0 && _running.Count > 0)
            {
                return false;
            }

            if (!HasEnded())
            {
                return false;
            }

            foreach (var item in _queued)
            {
                _ = QueuedBy.TryRemove(item, out _);
            }

            _queued.Clear();
            _begun.Clear();
            _marker = null;
            _isDirty = false;
            return true;
        }
    }

    private bool HasEnded()
    {
        // The number of an item is its address, which means nothing after a collection moved items.
        var isCertain = GC.CollectionCount(0) == _collections;
        if (isCertain && _queued.Count == 0 && _begun.Count == 0)
        {
            return true;
        }

        var isNonePending = ThreadPoolListener.PendingItems == 0;
        var isOnlyNoise = ThreadPoolNoise.IsOnlyNoise(out var isOthersKnown);
        if (isNonePending && isOnlyNoise)
        {
            return true;
        }

        // An item that its waiter removed from the queue reports no start, but it is not pending either.
        if (_queued.Count > 0 && !isNonePending && (isCertain || !(_marker ??= new ThreadPoolMarker()).IsReached))
        {
            return false;
        }

        // Counts only time in which this thread ran: a pause may have stopped the other threads too.
        var now = TimeProvider.System.GetTimestamp();
        var passed = TimeProvider.System.GetElapsedTime(_lastLook, now);
        _lastLook = now;
        _unseen += passed < LongestLook ? passed : LongestLook;
        return _unseen >= (isOthersKnown ? LongestOwn : LongestUnseen);
    }

    private void OnBegun(long item)
    {
        lock (_lock)
        {
            See();
            _ = _queued.Remove(item);
            _ = _begun.Add(Thread.CurrentThread);
        }
    }

    private void OnEnded()
    {
        lock (_lock)
        {
            _ = _begun.Remove(Thread.CurrentThread);
        }
    }

    private bool TryLeave()
    {
        lock (_lock)
        {
            See();
            return _running.Remove(Thread.CurrentThread);
        }
    }

    private void See()
    {
        if (!_isDirty)
        {
            _isDirty = true;
            _collections = GC.CollectionCount(0);
            ThreadPoolNoise.Measure();
        }

        _unseen = TimeSpan.Zero;
    }
}
