namespace AsyncKit.Testing;

/// <summary>Represents the options of <see cref="AsyncTest"/>: the schedules, and the limits of each. Immutable,
/// validated when set.</summary>
public sealed record AsyncTestOptions
{
    /// <summary>The number of schedules. Their seeds are 1, 2, 3 and so on, the same in each run.</summary>
    /// <value>At least 1. The default is 100. <see cref="Seed"/> overrides it.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int Schedules
    {
        get;
        init => field = AtLeastOne(value, nameof(Schedules));
    } = 100;

    /// <summary>The seed of a single schedule to run, for example that of a failure.</summary>
    /// <value>Any number. The default is null, which runs <see cref="Schedules"/>.</value>
    public int? Seed { get; init; }

    /// <summary>The maximum virtual time of a schedule. A schedule that exceeds it fails, for example one that timers
    /// keep alive.</summary>
    /// <value>More than zero. The default is 24 hours.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public TimeSpan MaxVirtualTime
    {
        get;
        init => field = value > TimeSpan.Zero
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(MaxVirtualTime), value, "MaxVirtualTime must be more than zero.");
    } = TimeSpan.FromHours(24);

    /// <summary>The maximum number of continuations of a schedule. A schedule that exceeds it fails, for example one
    /// that never becomes idle.</summary>
    /// <value>At least 1. The default is 1,000,000.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int MaxSteps
    {
        get;
        init => field = AtLeastOne(value, nameof(MaxSteps));
    } = 1_000_000;

    /// <summary>True if a schedule fails when an async method is unfinished or a timer is pending after the test body
    /// completed.</summary>
    /// <value>The default is true.</value>
    public bool FailOnLeak { get; init; } = true;

    private static int AtLeastOne(int value, string name) => value >= 1
        ? value
        : throw new ArgumentOutOfRangeException(name, value, $"{name} must be at least 1.");
}
