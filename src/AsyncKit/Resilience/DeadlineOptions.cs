using Microsoft.Extensions.Logging;

namespace AsyncKit;

/// <summary>A limit, and what to do with an operation that does not keep it. Immutable, checked when set; one object may be
/// shared by any number of operations.</summary>
public sealed record DeadlineOptions
{
    /// <summary>How long the operation may take.</summary>
    /// <value>Zero or more; no default. Zero means at once: the operation is not called. <see cref="Timeout.InfiniteTimeSpan"/>
    /// and anything above 49 days mean none.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public required TimeSpan Limit
    {
        get;
        init => field = Guards.Limit(value, nameof(Limit));
    }

    /// <summary>How long to wait, after the operation's token was cancelled, for an operation that does not end. Then it is
    /// abandoned: it runs on, its exception is observed, it is counted and logged.</summary>
    /// <value>Null by default: the operation is awaited, however long it takes. Zero or more otherwise.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public TimeSpan? GracePeriod
    {
        get;
        init => field = Guards.Limit(value, nameof(GracePeriod));
    }

    /// <summary>What the operation is called in the exception's message and in the log.</summary>
    /// <value>Null by default.</value>
    public string? Name { get; init; }

    /// <summary>Gets a warning when an abandoned operation has ended, with how long it ran on.</summary>
    /// <value>Null by default.</value>
    public ILogger? Logger { get; init; }

    /// <summary>The clock.</summary>
    /// <value><see cref="TimeProvider.System"/> by default; never null.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public TimeProvider TimeProvider
    {
        get;
        init => field = Guards.NotNull(value, nameof(TimeProvider));
    } = TimeProvider.System;

    internal DeadlineContext Terms => new(AsyncEnvironment.Clock(TimeProvider), Limit, Name, GracePeriod, Logger);
}
