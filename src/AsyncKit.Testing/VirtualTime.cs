namespace AsyncKit.Testing;

/// <summary>
/// A <see cref="TimeProvider"/> whose time only passes when a test advances it. It then fires the due timers in order.
/// </summary>
/// <remarks>
/// Works with everything that accepts a <see cref="TimeProvider"/>: <c>Task.Delay</c>,
/// <see cref="CancellationTokenSource"/>, <see cref="PeriodicTimer"/>, Polly.
/// <list type="bullet">
/// <item>Timers fire in the order of their due times. Timers that are due at the same time fire in the order in which
/// they were set. While a timer fires, the clock shows its due time.</item>
/// <item>A timer that a callback sets within the advanced time fires in the same call.</item>
/// <item>A timer never fires inside CreateTimer or Change. A timer that is due at once waits for the next advance, which
/// may be zero.</item>
/// <item>Callbacks run on the thread that advances the clock, with the ExecutionContext in which the timer was created.
/// The advancing call throws an exception that a callback throws; the clock then shows the due time of that timer.</item>
/// <item>All members are thread-safe. Concurrent calls that advance the clock take turns and add up. A callback may
/// advance the clock.</item>
/// </list>
/// The clock does not know whether the code under test has already set its next timer. Inside <see cref="AsyncTest"/> it
/// does: there, time passes only when no continuation can run. Cost: O(log n) to set, fire or dispose a timer, where n
/// is the number of pending timers.
/// </remarks>
public sealed class VirtualTime : TimeProvider
{
    private static readonly DateTimeOffset DefaultStart = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Lock _state = new();
    private readonly Lock _firing = new(); // Held during callbacks, so that advances take turns. Never acquired while _state is held.
    private readonly SortedSet<VirtualTimer> _pending = new(VirtualTimer.ByDueTime);
    private readonly DateTimeOffset _start;
    private TimeZoneInfo _localTimeZone = TimeZoneInfo.Utc;
    private long _now;
    private long _sequence;

    /// <summary>Creates a clock that shows the start of the year 2000, UTC.</summary>
    public VirtualTime()
        : this(DefaultStart)
    {
    }

    /// <summary>Creates a clock that shows the given time.</summary>
    /// <param name="start">The value of <see cref="GetUtcNow"/> before the first advance.</param>
    public VirtualTime(DateTimeOffset start) => _start = start.ToUniversalTime();

    /// <summary>The time by which the clock was advanced in total.</summary>
    public TimeSpan Elapsed => new(Now);

    /// <summary>The number of timers that will still fire.</summary>
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

    /// <summary>The time until the next timer is due, or null if no timer is pending.</summary>
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

    /// <summary>Sets the time zone that <see cref="TimeProvider.GetLocalNow"/> uses.</summary>
    /// <param name="timeZone">The time zone.</param>
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

    /// <summary>Advances the clock and fires every timer that becomes due.</summary>
    /// <param name="by">The time to advance by; at least zero. Zero fires the timers that are due now.</param>
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

    /// <summary>Advances the clock to the next due time and fires all timers that are due then.</summary>
    /// <returns>true if a timer was pending; otherwise, false, and the clock is unchanged.</returns>
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

    /// <summary>Advances the clock to the next due time and fires one of the timers that are due then.</summary>
    /// <param name="draw">Selects the timer: receives their number and returns an index.</param>
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

    /// <returns>true if the timer was set; false if it is disposed.</returns>
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

    /// <summary>Completes when no callback of the timer is running.</summary>
    internal ValueTask WhenEndedAsync(VirtualTimer timer)
    {
        lock (_state)
        {
            return timer.Running > 0
                ? new ValueTask((timer.Ended ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task)
                : default;
        }
    }

    /// <summary>Returns the time after an advance, in ticks, and throws if the advance is not allowed.</summary>
    internal long Goal(TimeSpan by)
    {
        if (by < TimeSpan.Zero)
        {
            throw new ArgumentOutOfRangeException(nameof(by), by, $"by must be at least zero; it was {by}.");
        }

        lock (_state)
        {
            var goal = _now + by.Ticks;
            return goal >= 0 && goal <= End
                ? goal
                : throw new ArgumentOutOfRangeException(nameof(by), by, $"by must not lead beyond the year 9999; it was {by}.");
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

    /// <summary>Returns the next timer that is due by the goal, or moves the clock to the goal and returns null.</summary>
    private VirtualTimer? TakeDue(long goal)
    {
        lock (_state)
        {
            if (_pending.Min is not { } timer || timer.Due > goal)
            {
                _now = Math.Max(_now, goal); // A callback may have advanced the clock beyond the goal.
                return null;
            }

            Take(timer);
            return timer;
        }
    }

    /// <summary>Marks a due timer as running. The caller holds the lock.</summary>
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
