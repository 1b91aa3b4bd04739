using System.Collections.Concurrent;

namespace AsyncKit.Testing;

/// <summary>The work of a schedule on other threads: queued to the thread pool, running there, or blocked
/// there.</summary>
/// <remarks>
/// <see cref="ScheduleFlow"/> observes user code. The rest of a work item, before and after user code, is invisible. It
/// is certainly complete when its thread starts another item, or when the thread pool is idle. Neither may happen while
/// unrelated code occupies the thread pool. Then a timeout decides that is far longer than such code takes.
/// <para>
/// The address of a work item identifies it. After a garbage collection moved a queued item, its start is not
/// recognized. A marker queued behind it shows that it started.
/// </para>
/// </remarks>
internal sealed class ExternalWork
{
    private static readonly TimeSpan MaxUnseen = TimeSpan.FromMilliseconds(20);

    /// <summary>The timeout while no unrelated code is busy. The processor may be.</summary>
    private static readonly TimeSpan MaxUnseenWithoutNoise = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan MaxLookInterval = TimeSpan.FromMicroseconds(100);

    private static readonly TimeSpan MaxHold = TimeSpan.FromMilliseconds(100);

    private static readonly ConcurrentDictionary<long, ExternalWork> QueuedBy = new(); // By the address of the item.

    [ThreadStatic]
    private static ExternalWork? _lastOwner;

    private readonly SpinningLock _lock = new();
    private readonly HashSet<long> _queued = [];
    private readonly HashSet<Thread> _started = []; // Threads whose last item is ours and may run.
    private readonly HashSet<Thread> _running = []; // Threads in user code that are not blocked.
    private bool _isDirty;
    private bool _isHeld;
    private int _collections;
    private long _lastLook;
    private TimeSpan _unseen;
    private ThreadPoolMarker? _marker;

    /// <summary>True while a step runs. User code on other threads does not start then, but only up to
    /// <see cref="MaxHold"/>, because the step may spin until that code starts.</summary>
    public bool IsHeld
    {
        get => Volatile.Read(ref _isHeld);
        set => Volatile.Write(ref _isHeld, value);
    }

    public void Enter()
    {
        using (_lock.Enter())
        {
            MarkDirty();
            _ = _running.Add(Thread.CurrentThread);
        }

        if (IsHeld)
        {
            var start = TimeProvider.System.GetTimestamp();
            var spinner = default(SpinWait);
            while (IsHeld && TimeProvider.System.GetElapsedTime(start) < MaxHold)
            {
                spinner.SpinOnce();
            }
        }
    }

    public void Exit() => _ = TryExit();

    /// <summary>Records that this thread queues a work item. A thread that just left the context of its user code may
    /// still queue the continuation.</summary>
    public static void OnItemQueued(long item) => (Schedule.Current?.ExternalWork ?? _lastOwner)?.Queue(item);

    private void Queue(long item)
    {
        using (_lock.Enter())
        {
            MarkDirty();
            _ = _queued.Add(item);
            QueuedBy[item] = this;
        }
    }

    /// <summary>Records that this thread of the thread pool starts any work item, so its previous one is
    /// complete.</summary>
    public static void OnItemStarted(long item)
    {
        _ = QueuedBy.TryRemove(item, out var owner);
        if (_lastOwner is { } last && last != owner)
        {
            last.OnCompleted();
        }

        _lastOwner = owner;
        if (owner is null)
        {
            ThreadPoolNoise.CountStartedByOthers();
        }
        else
        {
            owner.OnStarted(item);
        }
    }

    /// <summary>Blocks a thread of the thread pool. It may wait for the controlled thread, which therefore does not
    /// wait for it.</summary>
    public int Wait(IntPtr[] waitHandles, bool waitAll, int millisecondsTimeout)
    {
        var wasRunning = TryExit();
        try
        {
            return ControlledContext.Block(waitHandles, waitAll, millisecondsTimeout);
        }
        finally
        {
            if (wasRunning)
            {
                using (_lock.Enter())
                {
                    MarkDirty();
                    _ = _running.Add(Thread.CurrentThread);
                }
            }
        }
    }

    /// <summary>Waits until all external work is complete or blocked.</summary>
    public void Settle()
    {
        if (!Volatile.Read(ref _isDirty))
        {
            return;
        }

        var spinner = default(SpinWait);
        while (!IsSettled())
        {
            spinner.SpinOnce(sleep1Threshold: -1); // Yields, but never sleeps for a millisecond.
        }
    }

    /// <summary>Whether work is queued or running on another thread, and not blocked.</summary>
    public bool IsBusy => Volatile.Read(ref _isDirty) && !IsSettled();

    private bool IsSettled()
    {
        using (_lock.Enter())
        {
            // A thread that never restores its context does not report its exit.
            if (_running.Count > 0 && _running.RemoveWhere(static thread => !thread.IsAlive) >= 0 && _running.Count > 0)
            {
                return false;
            }

            if (!IsCompleted())
            {
                return false;
            }

            foreach (var item in _queued)
            {
                _ = QueuedBy.TryRemove(item, out _);
            }

            _queued.Clear();
            _started.Clear();
            _marker = null;
            _isDirty = false;
            return true;
        }
    }

    private bool IsCompleted()
    {
        // The address of an item is valid until a garbage collection moves it.
        var isCertain = GC.CollectionCount(0) == _collections;
        if (isCertain && _queued.Count == 0 && _started.Count == 0)
        {
            return true;
        }

        var isQueueEmpty = ThreadPoolListener.PendingItems == 0;
        var isOnlyNoise = ThreadPoolNoise.IsOnlyNoise(out var isNoiseKnown);
        if (isQueueEmpty && isOnlyNoise)
        {
            return true;
        }

        // The start of an item that its waiter took back from the queue is invisible, but the item is not pending.
        if (_queued.Count > 0 && !isQueueEmpty && (isCertain || !(_marker ??= new ThreadPoolMarker()).IsReached))
        {
            return false;
        }

        // Counts only time in which this thread ran: a pause may have stopped the other threads as well.
        var now = TimeProvider.System.GetTimestamp();
        var passed = TimeProvider.System.GetElapsedTime(_lastLook, now);
        _lastLook = now;
        _unseen += passed < MaxLookInterval ? passed : MaxLookInterval;
        return _unseen >= (isNoiseKnown ? MaxUnseenWithoutNoise : MaxUnseen);
    }

    private void OnStarted(long item)
    {
        using (_lock.Enter())
        {
            MarkDirty();
            _ = _queued.Remove(item);
            _ = _started.Add(Thread.CurrentThread);
        }
    }

    private void OnCompleted()
    {
        using (_lock.Enter())
        {
            _ = _started.Remove(Thread.CurrentThread);
        }
    }

    private bool TryExit()
    {
        using (_lock.Enter())
        {
            MarkDirty();
            return _running.Remove(Thread.CurrentThread);
        }
    }

    private void MarkDirty()
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
