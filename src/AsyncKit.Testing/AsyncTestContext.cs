namespace AsyncKit.Testing;

/// <summary>Provides a test body under <see cref="AsyncTest"/> with the clock, with random numbers that follow from the
/// seed, and with ways to wait for all other code.</summary>
public sealed class AsyncTestContext
{
    private readonly Schedule _schedule;

    internal AsyncTestContext(Schedule schedule) => _schedule = schedule;

    /// <summary>The clock of this schedule. It advances to the next timer when no continuation can run.</summary>
    public VirtualTime Time => _schedule.Time;

    /// <summary>A source of random numbers that follow from the seed.</summary>
    public Random Random => _schedule.Random;

    /// <summary>The seed of this schedule.</summary>
    public int Seed => _schedule.Seed;

    /// <summary>Waits until all other code waits for a timer or for this method. No time passes.</summary>
    /// <returns>A task that completes when the schedule is idle. Several waiters complete in order, each when the
    /// schedule is idle again.</returns>
    public Task RunUntilIdleAsync() => _schedule.WhenIdleAsync();

    /// <summary>Advances the clock from timer to timer, and runs until idle before each timer and at the end. A timer
    /// that the code under test sets in between fires at its due time.</summary>
    /// <param name="by">The time to advance: zero or more.</param>
    /// <returns>A task that completes when the clock has advanced and the schedule is idle.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="by"/> is negative, or the clock would pass the
    /// year 9999. Thrown at the call.</exception>
    public Task AdvanceAsync(TimeSpan by)
    {
        _ = Time.Goal(by);
        return _schedule.AdvanceAsync(by);
    }
}
