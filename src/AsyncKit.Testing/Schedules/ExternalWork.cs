using System.Collections.Concurrent;

namespace AsyncKit.Testing;

/// <summary>
/// What a schedule has on other threads: queued to the pool and not begun, running there, or blocked there.
/// </summary>
/// <remarks>
/// User code is seen by <see cref="ScheduleFlow"/>. What an item does before and after it, or without any, is over for certain
/// when its thread begins another item, or when the pool is quiet. Neither may come where others keep threads of the
/// pool for long; then what is far longer than such a thing takes has to do.
/// Items are told apart by their addresses. When a garbage collection has moved them, an item that waits in the queue is
/// not recognized when it begins; then markers queued behind it tell that it has.
/// </remarks>
internal sealed class ExternalWork
{
    private static readonly TimeSpan LongestUnseen = TimeSpan.FromMilliseconds(20);

    /// <summary>When no other can be what is busy: the processor may be.</summary>
    private static readonly TimeSpan LongestOwn = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan LongestLook = TimeSpan.FromMicroseconds(100);

    private static readonly TimeSpan LongestStep = TimeSpan.FromMilliseconds(100);

    private static readonly ConcurrentDictionary<long, ExternalWork> QueuedBy = new(); // By the item's number.

    [ThreadStatic]
    private static ExternalWork? _lastItemIsOf;

    private readonly Lock _lock = new();
    private readonly HashSet<long> _queued = [];
    private readonly HashSet<Thread> _begun = []; // Their last item is one of ours, and may not have ended.
    private readonly HashSet<Thread> _running = []; // In user code, and not blocked.
    private bool _isDirty;
    private bool _isHeld;
    private int _collections;
    private long _lastLook;
    private TimeSpan _unseen;
    private ThreadPoolMarker? _marker;

    /// <summary>While true, what comes from the schedule to other threads does not begin: a step is running. Not for
    /// ever, since the step may be one that spins until it has.</summary>
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

    /// <summary>After the user's code a thread has left its context, and may still queue what waited for it.</summary>
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

    /// <summary>A thread of the pool begins an item, of whomever: the one before has ended.</summary>
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

    /// <summary>A blocking wait on a thread of the pool. It may be for the controlled thread, which therefore does not
    /// wait for it.</summary>
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

    /// <summary>Waits until all of it has ended or is blocked.</summary>
    public void Settle()
    {
        if (!Volatile.Read(ref _isDirty))
        {
            return;
        }

        var spinner = default(SpinWait);
        while (!IsSettled())
        {
            spinner.SpinOnce(sleep1Threshold: -1); // Yields, and never sleeps a whole millisecond.
        }
    }

    private bool IsSettled()
    {
        lock (_lock)
        {
            // A thread whose context was set and never restored does not leave by itself.
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
        // The number of an item is its address, and means nothing any more when items have been moved.
        var isCertain = GC.CollectionCount(0) == _collections;
        if (isCertain && _queued.Count == 0 && _begun.Count == 0)
        {
            return true;
        }

        var isNonePending = ThreadPoolListener.PendingItems == 0;
        var isAllThereIs = ThreadPoolNoise.IsAllThereIs(out var isOthersKnown);
        if (isNonePending && isAllThereIs)
        {
            return true;
        }

        // An item that its own waiter has taken back from the queue is not seen to begin, but is not pending either.
        if (_queued.Count > 0 && !isNonePending && (isCertain || !(_marker ??= new ThreadPoolMarker()).IsReached))
        {
            return false;
        }

        // Only time in which this thread has run: a pause may have stopped the others as well.
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
