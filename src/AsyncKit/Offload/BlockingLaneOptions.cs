using Microsoft.Extensions.Logging;

namespace AsyncKit;

/// <summary>Provides the options of a <see cref="BlockingLane"/>. Immutable; each value is validated when it is
/// set.</summary>
public sealed record BlockingLaneOptions
{
    /// <summary>The name of the lane, used in thread names, messages and metrics.</summary>
    /// <value>A string that is not empty. The default is "lane".</value>
    /// <exception cref="ArgumentException">The value is null or empty.</exception>
    public string Name
    {
        get;
        init => field = !string.IsNullOrEmpty(value)
            ? value
            : throw new ArgumentException("Name must not be null or empty.", nameof(Name));
    } = "lane";

    /// <summary>The maximum number of threads, and so of work items that run at once.</summary>
    /// <value>At least 1; required. <see cref="int.MaxValue"/> disables the limit. Each thread reserves a stack of
    /// address space, mostly 1.5 MB to 8 MB, and touches little of it.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public required int MaxThreads
    {
        get;
        init => field = Guards.AtLeast(value, 1, nameof(MaxThreads));
    }

    /// <summary>The number of work items that can wait for a thread before <see cref="WhenFull"/> applies.</summary>
    /// <value>At least 0. Null, the default, disables the limit.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int? MaxQueued
    {
        get;
        init => field = Guards.AtLeast(value, 0, nameof(MaxQueued));
    }

    /// <summary>The handling of calls beyond <see cref="MaxQueued"/>.</summary>
    /// <value>The default is <see cref="WhenFull.Wait"/>. The task of a call completes when its work returns, so a call
    /// that waits for a free queue position behaves like a queued one. With this value nothing is refused, and
    /// <see cref="BlockingLane.Queued"/> counts both.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a defined one.</exception>
    public WhenFull WhenFull
    {
        get;
        init => field = Guards.Defined(value, nameof(WhenFull));
    }

    /// <summary>The time after which a thread without work exits.</summary>
    /// <value>From zero, with which a thread exits at once, to 49 days. <see cref="Timeout.InfiniteTimeSpan"/> keeps
    /// threads until the lane is disposed. The default is 20 s.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the range.</exception>
    public TimeSpan IdleTimeout
    {
        get;
        init => field = Guards.TimerLimit(value, nameof(IdleTimeout));
    } = TimeSpan.FromSeconds(20);

    /// <summary>The logger for exceptions of abandoned work, which no caller can observe.</summary>
    /// <value>Null, the default, disables logging.</value>
    public ILogger? Logger { get; init; }

    /// <summary>The clock for the idle time and the measured waits.</summary>
    /// <value>Not null. The default is <see cref="TimeProvider.System"/>.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public TimeProvider TimeProvider
    {
        get;
        init => field = Guards.NotNull(value, nameof(TimeProvider));
    } = TimeProvider.System;
}
