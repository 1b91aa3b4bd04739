namespace AsyncKit.Testing;

/// <summary>The schedules that <see cref="AsyncTest"/> runs, and the definition of a failure. Immutable; values are
/// validated when set.</summary>
public sealed record AsyncTestOptions
{
    /// <summary>The number of schedules. They have the seeds 1, 2, 3 and so on, the same in every run.</summary>
    /// <value>At least 1. The default is 100. Ignored if <see cref="Seed"/> is set.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int Schedules
    {
        get;
        init => field = AtLeastOne(value, nameof(Schedules));
    } = 100;

    /// <summary>The seed of the only schedule to run, as named by a failure.</summary>
    /// <value>Any number. The default is null, which runs <see cref="Schedules"/> schedules.</value>
    public int? Seed { get; init; }

    /// <summary>The virtual time after which a schedule fails. Ends tests that only timers keep running.</summary>
    /// <value>More than zero. The default is 24 hours.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public TimeSpan MaxVirtualTime
    {
        get;
        init => field = value > TimeSpan.Zero
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(MaxVirtualTime), value, $"MaxVirtualTime must be more than zero; it was {value}.");
    } = TimeSpan.FromHours(24);

    /// <summary>The number of continuations after which a schedule fails. Ends tests that never become idle.</summary>
    /// <value>At least 1. The default is 1,000,000.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int MaxSteps
    {
        get;
        init => field = AtLeastOne(value, nameof(MaxSteps));
    } = 1_000_000;

    /// <summary>Whether a schedule fails if an async method is unfinished or a timer is pending when the test body
    /// completes.</summary>
    /// <value>The default is true.</value>
    public bool FailOnLeak { get; init; } = true;

    private static int AtLeastOne(int value, string name) => value >= 1
        ? value
        : throw new ArgumentOutOfRangeException(name, value, $"{name} must be at least 1; it was {value}.");
}
