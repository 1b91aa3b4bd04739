namespace AsyncKit.Testing;

/// <summary>Represents a clock that advances only on request, and then fires the timers that become due, in
/// order.</summary>
/// <remarks>
/// Works with all code that takes a <see cref="TimeProvider"/>: <c>Task.Delay</c>,
/// <see cref="CancellationTokenSource"/>, <see cref="PeriodicTimer"/>, Polly.
/// <list type="bullet">
/// <item>Timers fire in the order of their due times, and timers with the same due time in the order they were set.
/// While a timer fires, the clock shows its due time.</item>
/// <item>A timer that a callback sets within the advanced time fires in the same call.</item>
/// <item>A timer never fires inside CreateTimer or Change. If it is due immediately, it fires at the next advance,
/// which may be zero.</item>
/// <item>Callbacks run on the thread that advances the clock, with the ExecutionContext of the timer's creation. The
/// advancing call throws an exception of a callback; the clock then shows the due time of that timer.</item>
/// <item>All members are thread-safe. Concurrent calls that advance the clock are serialized, and their times add up. A
/// callback may advance the clock.</item>
/// </list>
/// The clock cannot know whether the code under test had time to set its next timer. Inside <see cref="AsyncTest"/> it
/// does: there the clock advances only when no continuation can run.
/// <para>
/// Cost: O(log n) per timer that is set, fired or disposed, where n is the number of pending timers.
/// </para>
/// </remarks>
/// <example>
/// <code>
/// var time = new VirtualTime();
/// var delay = Task.Delay(TimeSpan.FromHours(1), time);
/// time.Advance(TimeSpan.FromHours(1));
/// await delay; // No real time passed.
/// </code>
/// </example>
public sealed class VirtualTime : TimeProvider
{
    private static readonly DateTimeOffset DefaultStart = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Lock _state = new();
    private readonly Lock _firing = new(); // Held during callbacks; never taken under _state.
    private readonly SortedSet<VirtualTimer> _pending = new(VirtualTimer.ByDueTime);
    private readonly DateTimeOffset _start;
    private TimeZoneInfo _localTimeZone = TimeZoneInfo.Utc;
    private long _now;
    private long _sequence;

    /// <summary>Creates a clock that starts at the beginning of the year 2000, UTC.</summary>
    public VirtualTime()
        : this(DefaultStart)
    {
    }

    /// <summary>Creates a clock that starts at the given time.</summary>
    /// <param name="start">The result of <see cref="GetUtcNow"/> before the first advance. It is converted to
    /// UTC.</param>
    public VirtualTime(DateTimeOffset start) => _start = start.ToUniversalTime();

    /// <summary>The time by which the clock was advanced.</summary>
    public TimeSpan Elapsed => new(Now);

    /// <summary>The number of pending timers. A periodic timer stays pending.</summary>
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

    /// <summary>The time until the next timer is due; null if no timer is pending.</summary>
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

    /// <summary>Sets the time zone of <see cref="TimeProvider.GetLocalNow"/>.</summary>
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

    /// <summary>Advances the clock, and fires each timer that becomes due.</summary>
    /// <param name="by">The time to advance: zero or more. Zero fires the timers that are due now.</param>
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

    /// <summary>Advances the clock to the due time of the next timer, and fires all timers with that due
    /// time.</summary>
    /// <returns>true if a timer was pending; otherwise, false, and the clock does not change.</returns>
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
                    : throw new InvalidOperationException("The next timer must be due before the year 10000.");
            }

            AdvanceTo(goal);
            return true;
        }
    }

    /// <summary>Advances the clock to the due time of the next timer, and fires one of the timers with that due
    /// time.</summary>
    /// <param name="select">A function that receives the number of those timers and returns the index of one.</param>
    internal void AdvanceToOneOfNext(Func<int, int> select)
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

                var count = _pending.TakeWhile(other => other.Due == next.Due).Count();
                timer = count == 1 ? next : _pending.ElementAt(select(count));
                Take(timer);
            }

            Fire(timer);
        }
    }

    /// <returns>true if the timer is set; false if it is disposed.</returns>
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

    /// <summary>Waits until no callback of the timer is running.</summary>
    internal ValueTask WhenCompletedAsync(VirtualTimer timer)
    {
        lock (_state)
        {
            return timer.Running > 0
                ? new ValueTask((timer.Completed ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task)
                : default;
        }
    }

    /// <summary>Returns the time after an advance.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The advance is negative, or passes the year 9999.</exception>
    internal long Goal(TimeSpan by)
    {
        if (by < TimeSpan.Zero)
        {
            throw new ArgumentOutOfRangeException(
                nameof(by), by, "by must be zero or more; the clock does not run backward.");
        }

        lock (_state)
        {
            var goal = _now + by.Ticks;
            return goal >= 0 && goal <= End
                ? goal
                : throw new ArgumentOutOfRangeException(
                    nameof(by), by, "by must not advance the clock past the year 9999.");
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
            Complete(timer);
        }
    }

    /// <summary>Returns the next due timer. Otherwise, advances the clock to the goal and returns
    /// null.</summary>
    private VirtualTimer? TakeDue(long goal)
    {
        lock (_state)
        {
            if (_pending.Min is not { } timer || timer.Due > goal)
            {
                _now = Math.Max(_now, goal); // A callback may have advanced it further.
                return null;
            }

            Take(timer);
            return timer;
        }
    }

    /// <summary>Advances the clock to a timer and marks it as running. Call it under the lock.</summary>
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

    private void Complete(VirtualTimer timer)
    {
        TaskCompletionSource? completed;
        lock (_state)
        {
            timer.Running--;
            completed = timer.Running == 0 ? timer.Completed : null;
        }

        _ = completed?.TrySetResult();
    }
}
