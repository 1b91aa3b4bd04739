namespace AsyncKit.Testing;

/// <summary>What a test body under <see cref="AsyncTest"/> has at hand: the clock, randomness of the seed, and waiting
/// for everything else.</summary>
public sealed class AsyncTestContext
{
    private readonly Schedule _schedule;

    internal AsyncTestContext(Schedule schedule) => _schedule = schedule;

    /// <summary>The clock of this schedule. It goes on to the next timer whenever nothing else is left to do.</summary>
    public VirtualTime Time => _schedule.Time;

    /// <summary>Random numbers that follow from the seed.</summary>
    public Random Random => _schedule.Random;

    /// <summary>The seed of this schedule.</summary>
    public int Seed => _schedule.Seed;

    /// <summary>Ends when nothing is left to run but what waits for a timer or for this; no time passes.</summary>
    /// <returns>A task that ends then. Of several that wait, each ends at an idle moment of its own, in
    /// order.</returns>
    public Task RunUntilIdleAsync() => _schedule.WhenIdleAsync();

    /// <summary>Lets time pass, one timer after the other; before each, and at the end, runs until idle. So a timer
    /// that the code under test sets on the way fires on the way.</summary>
    /// <param name="by">How far: zero or more.</param>
    /// <returns>A task that ends when the clock has got there and nothing is left to run.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="by"/> is negative, or the clock would pass
    /// the year 9999; thrown at the call.</exception>
    public Task AdvanceAsync(TimeSpan by)
    {
        _ = Time.Goal(by);
        return _schedule.AdvanceAsync(by);
    }
}
