namespace AsyncKit.Testing;

/// <summary>How many schedules <see cref="AsyncTest"/> tries, which ones, and what it takes for a failure. Immutable,
/// checked when set.</summary>
public sealed record AsyncTestOptions
{
    /// <summary>How many schedules run, with the seeds 1, 2, 3 and so on. The same ones each time.</summary>
    /// <value>At least 1; 100 by default. Not used when <see cref="Seed"/> is set.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int Schedules
    {
        get;
        init => field = AtLeastOne(value, nameof(Schedules));
    } = 100;

    /// <summary>Runs exactly this schedule: the one that a failure has named.</summary>
    /// <value>Any number; null by default.</value>
    public int? Seed { get; init; }

    /// <summary>How much virtual time a schedule may take before it has failed. Ends tests that only timers keep
    /// alive.</summary>
    /// <value>More than zero; 24 hours by default.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public TimeSpan MaxVirtualTime
    {
        get;
        init => field = value > TimeSpan.Zero
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(MaxVirtualTime), value, "MaxVirtualTime must be more than zero.");
    } = TimeSpan.FromHours(24);

    /// <summary>How many continuations a schedule may run before it has failed. Ends tests that never become
    /// idle.</summary>
    /// <value>At least 1; 1,000,000 by default.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int MaxSteps
    {
        get;
        init => field = AtLeastOne(value, nameof(MaxSteps));
    } = 1_000_000;

    /// <summary>Whether a schedule has failed that leaves an async method unfinished or a timer pending when the test
    /// body ends.</summary>
    /// <value>True by default.</value>
    public bool FailOnLeak { get; init; } = true;

    private static int AtLeastOne(int value, string name) => value >= 1
        ? value
        : throw new ArgumentOutOfRangeException(name, value, $"{name} must be at least 1.");
}
