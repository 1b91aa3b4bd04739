namespace AsyncKit;

/// <content>How threads begin, when they can, and end when they are idle for long.</content>
internal sealed partial class LaneEngine
{
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(1);

    private bool _isTimerSet;
    private ITimer? _timer;

    /// <summary>Before a thread sleeps: from now on the time counts.</summary>
    public void WatchIdleTime()
    {
        if (Options.IdleTimeout == Timeout.InfiniteTimeSpan)
        {
            return;
        }

        lock (_lock)
        {
            if (_isTimerSet || _isEnding)
            {
                return;
            }

            _isTimerSet = true; // Whoever sets it has the timer to itself until that fires.
        }

        try
        {
            SetTimer(Options.IdleTimeout);
        }
        catch (Exception)
        {
            // A clock that throws. The thread then stays, and with it the process.
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
            return 0; // The same.
        }
    }

    private void SetTimer(TimeSpan due)
    {
        _timer ??= Clock.CreateTimer(
            static engine => ((LaneEngine)engine!).EndIdleThreads(),
            this,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan);
        _ = _timer.Change(due < ShortestWait ? ShortestWait : due, Timeout.InfiniteTimeSpan);
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _isEnding))
        {
            _timer.Dispose(); // The end has perhaps not seen it.
        }
    }

    private void EndIdleThreads()
    {
        List<LaneThread> idle = [];
        var now = Now();
        var ticksPerTimestamp = (double)TimeSpan.TicksPerSecond / Clock.TimestampFrequency;
        var wait = Timeout.InfiniteTimeSpan;
        lock (_lock)
        {
            AssertInvariants();
            while (_bottom is { } oldest)
            {
                var left = Options.IdleTimeout - TimeSpan.FromTicks((long)((now - oldest.IdleSince) * ticksPerTimestamp));
                if (left > TimeSpan.Zero)
                {
                    wait = left;
                    break;
                }

                Remove(oldest);
                _threads--;
                idle.Add(oldest);
            }

            _isTimerSet = wait != Timeout.InfiniteTimeSpan;
        }

        LaneThread.LetGo(idle);
        if (wait != Timeout.InfiniteTimeSpan)
        {
            SetTimer(wait);
        }
    }

    private void Start(LaneThread thread, LaneItem item)
    {
        while (true)
        {
            try
            {
                thread.Start(item, _start);
                return;
            }
            catch (Exception exception)
            {
                // No memory for a thread. Others will come to this item; without any, nobody ever would.
                var next = Unstart(item);
                if (next == item)
                {
                    return;
                }

                item.Refuse(exception);
                if (next is null)
                {
                    Leave();
                    return;
                }

                item = next;
            }
        }
    }

    /// <returns>The item, when other threads care for it; another one that must be tried, or refused, after
    /// it; or null.</returns>
    private LaneItem? Unstart(LaneItem item)
    {
        LaneThread? idle = null;
        lock (_lock)
        {
            item.HasThread = false;
            Deactivate();
            _threads--;
            if (_threads > 0)
            {
                _alive--;
                idle = _top;
                if (idle is null)
                {
                    LinkFirst(item);
                }
                else
                {
                    Remove(idle);
                    Activate(item);
                }
            }
            else
            {
                RemoveChild(item);
                var next = _first;
                if (next is not null)
                {
                    Unlink(next);
                    _threads++;
                    Activate(next);
                }

                return next;
            }
        }

        idle?.Take(item);
        return item;
    }
}
