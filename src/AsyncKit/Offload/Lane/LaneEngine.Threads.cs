namespace AsyncKit;

/// <content>The threads: how one is found or started, and how an idle one expires.</content>
internal sealed partial class LaneEngine
{
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(1);

    private bool _isTimerSet;
    private ITimer? _timer;

    /// <summary>Starts the idle time. A thread calls this before it sleeps.</summary>
    public void WatchIdleTime()
    {
        if (Options.IdleTimeout == Timeout.InfiniteTimeSpan)
        {
            return;
        }

        using (_lock.EnterUninterrupted(keepsInterrupt: false))
        {
            if (_isTimerSet || _isClosed)
            {
                return;
            }

            _isTimerSet = true; // Only the thread that sets it uses the timer until the timer fires.
        }

        try
        {
            SetTimer(Options.IdleTimeout);
        }
        catch (Exception)
        {
            // A clock that throws must not end the process. Idle threads then stay.
        }
    }

    /// <summary>The last call of a thread.</summary>
    public void ThreadExited()
    {
        bool isLast;
        using (_lock.EnterUninterrupted(keepsInterrupt: false))
        {
            _alive--;
            isLast = TryComplete();
        }

        if (isLast)
        {
            AsyncEnvironment.Complete(_completion, true);
        }
    }

    private long Now()
    {
        try
        {
            return Clock.GetTimestamp();
        }
        catch (Exception)
        {
            return 0; // As in WatchIdleTime.
        }
    }

    private void SetTimer(TimeSpan due)
    {
        _timer ??= Clock.CreateTimer(
            static engine => ((LaneEngine)engine!).ExpireIdleThreads(),
            this,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan);
        _ = _timer.Change(due < ShortestWait ? ShortestWait : due, Timeout.InfiniteTimeSpan);
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _isClosed))
        {
            _timer.Dispose(); // CloseAsync may have read the field before this thread set it.
        }
    }

    private void ExpireIdleThreads()
    {
        List<LaneThread> expired;
        var now = Now();
        var ticksPerTimestamp = (double)TimeSpan.TicksPerSecond / Clock.TimestampFrequency;
        var wait = Timeout.InfiniteTimeSpan;
        lock (_lock)
        {
            AssertInvariants();
            var count = 0;
            while (count < _idle.Count && wait == Timeout.InfiniteTimeSpan)
            {
                var idleTime = TimeSpan.FromTicks((long)((now - _idle[count].IdleSince) * ticksPerTimestamp));
                if (idleTime < Options.IdleTimeout)
                {
                    wait = Options.IdleTimeout - idleTime;
                }
                else
                {
                    count++;
                }
            }

            expired = TakeOldestIdle(count);
            _isTimerSet = wait != Timeout.InfiniteTimeSpan;
        }

        LaneThread.ExitAll(expired);
        if (wait != Timeout.InfiniteTimeSpan)
        {
            SetTimer(wait);
        }
    }

    private List<LaneThread> TakeOldestIdle(int count)
    {
        var threads = _idle.GetRange(0, count);
        _idle.RemoveRange(0, count);
        _threads -= count;
        return threads;
    }

    private LaneThread? TakeNewestIdle(LaneItem item)
    {
        if (_idle.Count == 0)
        {
            return null;
        }

        var thread = _idle[^1];
        _idle.RemoveAt(_idle.Count - 1);
        Activate(item);
        return thread;
    }

    /// <param name="item">The new item. If a thread is started for an item that was queued before, it becomes that
    /// item.</param>
    /// <param name="isNew">True if the thread must be started.</param>
    /// <returns>The thread for the item; null if the item is queued.</returns>
    private LaneThread? FindThread(ref LaneItem item, out bool isNew)
    {
        isNew = false;
        if (TakeNewestIdle(item) is { } idle)
        {
            return idle;
        }

        if (_threads == Options.MaxThreads)
        {
            _queue.AddLast(item);
            return null;
        }

        if (_queue.First is { } first) // It waits although there are too few threads: one failed to start before.
        {
            _queue.AddLast(item);
            _queue.Remove(first);
            item = first;
        }

        isNew = true;
        _threads++;
        _alive++;
        Activate(item);
        return new LaneThread(this, ++_number);
    }

    private void Start(LaneThread thread, LaneItem item)
    {
        var next = item;
        while (next is not null)
        {
            item = next;
            try
            {
                thread.Start(item, _start);
                return;
            }
            catch (Exception exception)
            {
                if (TryReassign(item, out next))
                {
                    return;
                }

                item.Refuse(exception);
            }
        }

        ThreadExited();
    }

    /// <summary>Handles a thread that failed to start, for example because of memory. If the lane has other threads,
    /// one of them runs the item. If it has none, no thread would ever run it, so the caller refuses it.</summary>
    /// <param name="item">The item of the thread.</param>
    /// <param name="next">If the item must be refused, the item to start the thread with instead; null if none is
    /// queued.</param>
    /// <returns>True if another thread runs the item.</returns>
    private bool TryReassign(LaneItem item, out LaneItem? next)
    {
        LaneThread? idle;
        next = null;
        lock (_lock)
        {
            item.HasThread = false;
            Deactivate();
            _threads--;
            if (_threads == 0)
            {
                RemoveChild(item);
                next = _queue.First;
                if (next is not null)
                {
                    _queue.Remove(next);
                    _threads++;
                    Activate(next);
                }

                return false;
            }

            _alive--;
            idle = TakeNewestIdle(item);
            if (idle is null)
            {
                _queue.AddFirst(item);
            }
        }

        idle?.Assign(item);
        return true;
    }
}
