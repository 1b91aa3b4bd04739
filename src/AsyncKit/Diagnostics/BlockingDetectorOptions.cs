using Microsoft.Extensions.Logging;

namespace AsyncKit;

/// <summary>
/// What a <see cref="BlockingDetector"/> looks for and whom it tells. Immutable, checked when set: a wrong value throws
/// where it is written, not where it is used. A threshold of <see cref="Timeout.InfiniteTimeSpan"/> turns off what it
/// is for, and then that costs nothing.
/// </summary>
public sealed record BlockingDetectorOptions
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1);

    /// <summary>How long a thread of the pool may wait for a task.</summary>
    /// <value>Zero or more; zero tells every wait. <see cref="Timeout.InfiniteTimeSpan"/> to look for none: the only part
    /// that costs something per await. 100 ms by default.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative and not infinite.</exception>
    public TimeSpan WaitThreshold
    {
        get;
        init => field = Guards.Limit(value, nameof(WaitThreshold));
    } = TimeSpan.FromMilliseconds(100);

    /// <summary>How long work may wait for a thread of the pool.</summary>
    /// <value>At least 1 ms, or <see cref="Timeout.InfiniteTimeSpan"/> not to look; 250 ms by default.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the range.</exception>
    public TimeSpan PoolLatencyThreshold
    {
        get;
        init => field = Guards.Limit(value, nameof(PoolLatencyThreshold), Shortest);
    } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long an operation of a fan-out may keep its thread before its first await.</summary>
    /// <value>Zero or more; zero tells every one. <see cref="Timeout.InfiniteTimeSpan"/> not to look; 100 ms by default.
    /// Measured with the clock of the fan-out.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative and not infinite.</exception>
    public TimeSpan PrefixThreshold
    {
        get;
        init => field = Guards.Limit(value, nameof(PrefixThreshold));
    } = TimeSpan.FromMilliseconds(100);

    /// <summary>How often the pool is probed and findings are told.</summary>
    /// <value>From 1 ms to 1 h; 100 ms by default. A finding is told that much after its threshold at the latest.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the range.</exception>
    public TimeSpan ProbeInterval
    {
        get;
        init => field = Guards.InRange(value, Shortest, TimeSpan.FromHours(1), nameof(ProbeInterval));
    } = TimeSpan.FromMilliseconds(100);

    /// <summary>For how long findings of one kind at one place are not told again; the next one tells how many there
    /// were.</summary>
    /// <value>Zero or more; zero tells all. 1 min by default.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public TimeSpan ReportInterval
    {
        get;
        init => field = Guards.AtLeast(value, TimeSpan.Zero, nameof(ReportInterval));
    } = TimeSpan.FromMinutes(1);

    /// <summary>Gets what is found, one at a time, on a thread of the detector. It should return soon: nothing is told
    /// meanwhile.</summary>
    /// <value>Null by default. What it throws is logged, and it is called again for the next.</value>
    public Action<BlockingFinding>? OnBlocking { get; init; }

    /// <summary>Gets what is found as warnings.</summary>
    /// <value>Null by default.</value>
    public ILogger? Logger { get; init; }

    /// <summary>The clock. With the system's the detector has a thread of its own; of any other it asks a timer.</summary>
    /// <value><see cref="TimeProvider.System"/> by default; never null. With a clock that jumps the pool seems to
    /// starve.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public TimeProvider TimeProvider
    {
        get;
        init => field = Guards.NotNull(value, nameof(TimeProvider));
    } = TimeProvider.System;
}
