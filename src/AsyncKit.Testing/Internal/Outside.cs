using System.Collections.Concurrent;

namespace AsyncKit.Testing;

/// <summary>
/// What a schedule has on other threads: queued to the pool and not begun, running there, or blocked there.
/// </summary>
internal sealed class Outside
{
    // What an item does before and after the user's code, or without any, is not seen. It is far shorter.
    private static readonly TimeSpan LongestUnseen = TimeSpan.FromMilliseconds(1);

    private static readonly ConcurrentDictionary<long, Outside> QueuedBy = new(); // By the item's number.

    private readonly object _lock = new();
    private readonly HashSet<long> _queued = [];
    private int _running;
    private bool _isDirty;
    private long _lastSeen;

    /// <summary>How many pool threads were busy when nothing of ours was there; the fewest ever seen.</summary>
    private int _busyOthers = PoolWatch.BusyThreads;

    public void Enter() => Count(1);

    public void Leave() => Count(-1);

    public void Queue(long item)
    {
        lock (_lock)
        {
            _isDirty = true;
            _ = _queued.Add(item);
            QueuedBy[item] = this;
        }
    }

    public static void Begin(long item)
    {
        if (QueuedBy.TryRemove(item, out var owner))
        {
            owner.OnBegun(item);
        }
    }

    /// <summary>A blocking wait on a thread of the pool. It may be for the controlled thread, which therefore does not
    /// wait for it.</summary>
    public int Wait(IntPtr[] waitHandles, bool waitAll, int millisecondsTimeout)
    {
        Leave();
        try
        {
            return ControlledContext.ReallyWait(waitHandles, waitAll, millisecondsTimeout);
        }
        finally
        {
            Enter();
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
            if (_running > 0)
            {
                return false;
            }

            var busy = PoolWatch.BusyThreads;
            var isPoolQuiet = PoolWatch.PendingItems == 0 && busy <= _busyOthers;
            if (isPoolQuiet)
            {
                _busyOthers = busy;
            }

            // In a process with much else to do the pool is never quiet: then what was seen has to do.
            if (!isPoolQuiet
                && (_queued.Count > 0 || TimeProvider.System.GetElapsedTime(_lastSeen) < LongestUnseen))
            {
                return false;
            }

            foreach (var item in _queued)
            {
                _ = QueuedBy.TryRemove(item, out _);
            }

            _queued.Clear();
            _isDirty = false;
            return true;
        }
    }

    private void OnBegun(long item)
    {
        lock (_lock)
        {
            _ = _queued.Remove(item);
            _lastSeen = TimeProvider.System.GetTimestamp();
        }
    }

    private void Count(int change)
    {
        lock (_lock)
        {
            _isDirty = true;
            _running += change;
            _lastSeen = TimeProvider.System.GetTimestamp();
        }
    }
}
