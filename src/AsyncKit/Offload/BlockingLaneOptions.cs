using Microsoft.Extensions.Logging;

namespace AsyncKit;

/// <summary>
/// How a lane runs. Immutable, checked when set: a wrong value throws where it is written, not where it is used.
/// </summary>
public sealed record BlockingLaneOptions
{
    /// <summary>What the lane is called: in the names of its threads, in messages and in metrics.</summary>
    /// <value>"lane" by default; never empty.</value>
    /// <exception cref="ArgumentException">The value is null or empty.</exception>
    public string Name
    {
        get;
        init => field = !string.IsNullOrEmpty(value)
            ? value
            : throw new ArgumentException("Name must not be null or empty.", nameof(Name));
    } = "lane";

    /// <summary>The most threads, and so the most work that runs at the same time.</summary>
    /// <value>At least 1; no default. <see cref="int.MaxValue"/> means unbounded, on purpose. Each thread that is in use
    /// reserves a stack, mostly 1.5 MB to 8 MB of address space, of which little is touched.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public required int MaxThreads
    {
        get;
        init => field = Guards.AtLeast(value, 1, nameof(MaxThreads));
    }

    /// <summary>How much work may wait for a thread before <see cref="WhenFull"/> decides about more.</summary>
    /// <value>At least 0; null, the default, for no limit.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int? MaxQueued
    {
        get;
        init => field = Guards.AtLeast(value, 0, nameof(MaxQueued));
    }

    /// <summary>What happens to more work than <see cref="MaxQueued"/>.</summary>
    /// <value><see cref="WhenFull.Wait"/> by default. The task of a call ends when its work has ended, so with this it is
    /// the same whether the call waits in the queue or for a place there: nothing is refused, and
    /// <see cref="BlockingLane.Queued"/> counts both.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not one of the named ones.</exception>
    public WhenFull WhenFull
    {
        get;
        init => field = Guards.Defined(value, nameof(WhenFull));
    }

    /// <summary>How long a thread stays without work before it ends.</summary>
    /// <value>From zero, which ends it at once, to 49 days, or <see cref="Timeout.InfiniteTimeSpan"/> for never; 20 s by
    /// default.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the range.</exception>
    public TimeSpan IdleTimeout
    {
        get;
        init => field = Guards.TimerLimit(value, nameof(IdleTimeout));
    } = TimeSpan.FromSeconds(20);

    /// <summary>Is told what abandoned work has thrown, which nobody else can see.</summary>
    /// <value>Null by default.</value>
    public ILogger? Logger { get; init; }

    /// <summary>The clock of the idle time and of the measured waits.</summary>
    /// <value><see cref="TimeProvider.System"/> by default; never null.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public TimeProvider TimeProvider
    {
        get;
        init => field = Guards.NotNull(value, nameof(TimeProvider));
    } = TimeProvider.System;
}
