namespace AsyncKit;

/// <summary>How an <see cref="AsyncScope"/> cleans up. Immutable, checked when set; may be shared.</summary>
public sealed record AsyncScopeOptions
{
    /// <summary>The time after which the token of a cleanup is cancelled. Each has its own. The cleanup is awaited all the
    /// same.</summary>
    /// <value>30 s by default. Zero is at once, <see cref="Timeout.InfiniteTimeSpan"/> never.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public TimeSpan CleanupTimeout
    {
        get;
        init => field = Guards.Limit(value, nameof(CleanupTimeout));
    } = TimeSpan.FromSeconds(30);

    /// <summary>The clock.</summary>
    /// <value><see cref="TimeProvider.System"/> by default; never null.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public TimeProvider TimeProvider
    {
        get;
        init => field = Guards.NotNull(value, nameof(TimeProvider));
    } = TimeProvider.System;
}
