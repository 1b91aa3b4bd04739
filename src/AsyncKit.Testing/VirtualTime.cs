namespace AsyncKit.Testing;

/// <summary>
/// A clock that stands still until it is told to go on, and then fires the timers on its way in order.
/// </summary>
/// <remarks>
/// Works with whatever takes a <see cref="TimeProvider"/>: <c>Task.Delay</c>, <see cref="CancellationTokenSource"/>,
/// <see cref="PeriodicTimer"/>, Polly.
/// <list type="bullet">
/// <item>Timers fire in the order of their due times, those due at the same time in the order they were set. While one
/// fires, the clock shows its due time.</item>
/// <item>A timer that a callback sets within the advanced time fires in the same call.</item>
/// <item>A timer never fires inside CreateTimer or Change, not even one that is due at once: that waits for the next
/// advance, which may be zero.</item>
/// <item>Callbacks run on the thread that advances, with the ExecutionContext of the timer's creation. An exception
/// from one comes out of the advancing call; the clock then stands at that timer's due time.</item>
/// <item>All members may be used from several threads. Calls that advance take turns and add up; a callback may
/// advance the clock itself.</item>
/// </list>
/// Nothing here knows whether the code under test has had its chance to set its next timer. Inside
/// <see cref="AsyncTest"/> that is known: there time goes on when nothing else is left to do. Cost: O(log n) for a
/// timer that is set, fired or disposed, n being the timers that are pending.
/// </remarks>
public sealed class VirtualTime : TimeProvider
{
    private static readonly DateTimeOffset DefaultStart = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Lock _state = new();
    private readonly Lock _firing = new(); // Held during callbacks, so that advances take turns; never with _state.
    private readonly SortedSet<VirtualTimer> _pending = new(VirtualTimer.ByDueTime);
    private readonly DateTimeOffset _start;
    private TimeZoneInfo _localTimeZone = TimeZoneInfo.Utc;
    private long _now;
    private long _sequence;

    /// <summary>Starts at the beginning of the year 2000, UTC.</summary>
    public VirtualTime()
        : this(DefaultStart)
    {
    }

    /// <summary>Starts at the given time.</summary>
    /// <param name="start">What <see cref="GetUtcNow"/> gives before the first advance, in UTC.</param>
    public VirtualTime(DateTimeOffset start) => _start = start.ToUniversalTime();

    /// <summary>How far the clock has been advanced.</summary>
    public TimeSpan Elapsed => new(Now);

    /// <summary>How many timers are set and have not fired for the last time.</summary>
    public int PendingTimers
    {
        get
        {
            lock (_state)
            {
                return _pending.Count;
            }
        }
    }

    /// <summary>How long until the next timer is due; null when none is pending.</summary>
    public TimeSpan? UntilNextTimer
    {
        get
        {
            lock (_state)
            {
                return _pending.Min is { } next ? new TimeSpan(next.Due - _now) : null;
            }
        }
    }

    /// <inheritdoc/>
    /// <value>One tick of a <see cref="TimeSpan"/>: 10,000,000 in a second.</value>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    /// <value>UTC, unless <see cref="SetLocalTimeZone"/> was called.</value>
    public override TimeZoneInfo LocalTimeZone => Volatile.Read(ref _localTimeZone);

    private long End => (DateTimeOffset.MaxValue - _start).Ticks;

    private long Now
    {
        get
        {
            lock (_state)
            {
                return _now;
            }
        }
    }

    /// <summary>Sets what <see cref="TimeProvider.GetLocalNow"/> converts to.</summary>
    /// <param name="timeZone">The zone.</param>
    /// <exception cref="ArgumentNullException"><paramref name="timeZone"/> is null.</exception>
    public void SetLocalTimeZone(TimeZoneInfo timeZone)
    {
        ArgumentNullException.ThrowIfNull(timeZone);
        Volatile.Write(ref _localTimeZone, timeZone);
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => _start.AddTicks(Now);

    /// <inheritdoc/>
    public override long GetTimestamp() => Now;

    /// <inheritdoc/>
    /// <exception cref="ArgumentNullException"><paramref name="callback"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="dueTime"/> or <paramref name="period"/> is neither
    /// <see cref="Timeout.InfiniteTimeSpan"/> nor between zero and 4,294,967,294 milliseconds.</exception>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new VirtualTimer(this, callback, state);
        _ = timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock on and fires every timer that is due on the way.</summary>
    /// <param name="by">How far: zero or more. Zero fires what is due now.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="by"/> is negative, or the clock would pass the
    /// year 9999.</exception>
    public void Advance(TimeSpan by)
    {
        _ = Goal(by);
        lock (_firing)
        {
            AdvanceTo(Goal(by));
        }
    }

    /// <summary>Moves the clock to the next timer that is due and fires it, and all that are due at the same
    /// time.</summary>
    /// <returns>False when no timer is pending; the clock stays.</returns>
    /// <exception cref="InvalidOperationException">The clock would pass the year 9999.</exception>
    public bool AdvanceToNextTimer()
    {
        lock (_firing)
        {
            long goal;
            lock (_state)
            {
                if (_pending.Min is not { } next)
                {
                    return false;
                }

                goal = next.Due <= End
                    ? next.Due
                    : throw new InvalidOperationException("The next timer is due beyond the year 9999.");
            }

            AdvanceTo(goal);
            return true;
        }
    }

    /// <summary>Moves the clock to the next timer that is due and fires one of those that are due then.</summary>
    /// <param name="draw">Gets how many they are and says which one, from 0.</param>
    internal void AdvanceToOneOfNext(Func<int, int> draw)
    {
        lock (_firing)
        {
            VirtualTimer timer;
            lock (_state)
            {
                if (_pending.Min is not { } next || next.Due > End)
                {
                    return;
                }

                var many = _pending.TakeWhile(other => other.Due == next.Due).Count();
                timer = many == 1 ? next : _pending.ElementAt(draw(many));
                Take(timer);
            }

            Fire(timer);
        }
    }

    /// <returns>False when the timer has been disposed.</returns>
    internal bool Set(VirtualTimer timer, long? dueIn, long period)
    {
        lock (_state)
        {
            if (timer.IsDisposed)
            {
                return false;
            }

            _ = _pending.Remove(timer);
            timer.Period = period;
            if (dueIn is { } ticks)
            {
                timer.Due = _now + ticks;
                timer.Sequence = ++_sequence;
                _ = _pending.Add(timer);
            }

            return true;
        }
    }

    internal void Remove(VirtualTimer timer)
    {
        lock (_state)
        {
            timer.IsDisposed = true;
            _ = _pending.Remove(timer);
        }
    }

    /// <summary>Ends when no callback of the timer is running any more.</summary>
    internal ValueTask WhenEndedAsync(VirtualTimer timer)
    {
        lock (_state)
        {
            return timer.Running > 0
                ? new ValueTask((timer.Ended ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task)
                : default;
        }
    }

    /// <summary>Where that leads; throws when it may not.</summary>
    internal long Goal(TimeSpan by)
    {
        if (by < TimeSpan.Zero)
        {
            throw new ArgumentOutOfRangeException(nameof(by), by, "by must not be negative: this clock only goes on.");
        }

        lock (_state)
        {
            var goal = _now + by.Ticks;
            return goal >= 0 && goal <= End
                ? goal
                : throw new ArgumentOutOfRangeException(nameof(by), by, "by must not lead beyond the year 9999.");
        }
    }

    private void AdvanceTo(long goal)
    {
        while (TakeDue(goal) is { } timer)
        {
            Fire(timer);
        }
    }

    private void Fire(VirtualTimer timer)
    {
        try
        {
            timer.Fire();
        }
        finally
        {
            Done(timer);
        }
    }

    /// <summary>At the end, null, moves the clock to the goal.</summary>
    private VirtualTimer? TakeDue(long goal)
    {
        lock (_state)
        {
            if (_pending.Min is not { } timer || timer.Due > goal)
            {
                _now = Math.Max(_now, goal); // A callback may have advanced beyond.
                return null;
            }

            Take(timer);
            return timer;
        }
    }

    /// <summary>Under the lock: its time has come, and it is running.</summary>
    private void Take(VirtualTimer timer)
    {
        _now = Math.Max(_now, timer.Due);
        _ = _pending.Remove(timer);
        timer.Running++;
        if (timer.Period > 0)
        {
            timer.Due += timer.Period;
            timer.Sequence = ++_sequence;
            _ = _pending.Add(timer);
        }
    }

    private void Done(VirtualTimer timer)
    {
        TaskCompletionSource? ended;
        lock (_state)
        {
            timer.Running--;
            ended = timer.Running == 0 ? timer.Ended : null;
        }

        _ = ended?.TrySetResult();
    }
}
