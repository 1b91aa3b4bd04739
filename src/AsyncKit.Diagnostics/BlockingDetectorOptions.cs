using Microsoft.Extensions.Logging;

namespace AsyncKit.Diagnostics;

/// <summary>
/// Provides the thresholds and the callbacks of a <see cref="BlockingDetector"/>. Immutable. A value is validated when it
/// is set. A threshold of <see cref="Timeout.InfiniteTimeSpan"/> turns off its check, which then costs nothing.
/// </summary>
public sealed record BlockingDetectorOptions
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1);

    /// <summary>The maximum time for which a thread-pool thread may wait for a task.</summary>
    /// <value>Zero or more; zero reports every wait. <see cref="Timeout.InfiniteTimeSpan"/> turns off the only check that
    /// has a cost per await. The default is 100 ms.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative and not infinite.</exception>
    public TimeSpan WaitThreshold
    {
        get;
        init => field = Guards.Limit(value, nameof(WaitThreshold));
    } = TimeSpan.FromMilliseconds(100);

    /// <summary>The maximum time for which work may wait for a thread-pool thread.</summary>
    /// <value>At least 1 ms. <see cref="Timeout.InfiniteTimeSpan"/> turns off the check. The default is 250 ms.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the range.</exception>
    public TimeSpan PoolLatencyThreshold
    {
        get;
        init => field = Guards.Limit(value, nameof(PoolLatencyThreshold), Shortest);
    } = TimeSpan.FromMilliseconds(250);

    /// <summary>The maximum time for which an operation of a fan-out may keep its thread before its first await, measured
    /// by the clock of the fan-out.</summary>
    /// <value>Zero or more; zero reports every operation. <see cref="Timeout.InfiniteTimeSpan"/> turns off the check. The
    /// default is 100 ms.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative and not infinite.</exception>
    public TimeSpan PrefixThreshold
    {
        get;
        init => field = Guards.Limit(value, nameof(PrefixThreshold));
    } = TimeSpan.FromMilliseconds(100);

    /// <summary>The interval at which the thread pool is probed and findings are reported.</summary>
    /// <value>From 1 ms to 1 h. The default is 100 ms.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the range.</exception>
    public TimeSpan ProbeInterval
    {
        get;
        init => field = Guards.InRange(value, Shortest, TimeSpan.FromHours(1), nameof(ProbeInterval));
    } = TimeSpan.FromMilliseconds(100);

    /// <summary>The time for which further findings of the same kind and the same stack or fan-out are only counted.
    /// </summary>
    /// <value>Zero or more; zero reports every finding. The default is 1 min.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public TimeSpan ReportInterval
    {
        get;
        init => field = Guards.AtLeast(value, TimeSpan.Zero, nameof(ReportInterval));
    } = TimeSpan.FromMinutes(1);

    /// <summary>The callback for a finding. It runs on the detector's thread and should return soon, since it delays the
    /// next findings.</summary>
    /// <value>The default is null. An exception from it is logged, and it is called again for the next finding.</value>
    public Action<BlockingFinding>? OnBlocking { get; init; }

    /// <summary>The logger, which receives each finding as a warning.</summary>
    /// <value>The default is null.</value>
    public ILogger? Logger { get; init; }

    /// <summary>The clock. With the system clock the detector has its own thread; with any other it uses a timer of that
    /// clock and samples no stacks.</summary>
    /// <value>The default is <see cref="TimeProvider.System"/>. A clock that jumps looks like starvation.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public TimeProvider TimeProvider
    {
        get;
        init => field = Guards.NotNull(value, nameof(TimeProvider));
    } = TimeProvider.System;
}
