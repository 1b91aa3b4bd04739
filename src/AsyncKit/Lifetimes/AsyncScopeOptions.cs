namespace AsyncKit;

/// <summary>Options of an <see cref="AsyncScope"/>. Immutable, validated when set; may be shared.</summary>
public sealed record AsyncScopeOptions
{
    /// <summary>The time after which the token of a cleanup is cancelled. Each cleanup has its own limit. The scope
    /// still waits for the cleanup to complete.</summary>
    /// <value>At least zero, which cancels the token before the cleanup starts. The default is 30 seconds.
    /// <see cref="Timeout.InfiniteTimeSpan"/> disables the limit.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public TimeSpan CleanupTimeout
    {
        get;
        init => field = Guards.Limit(value, nameof(CleanupTimeout));
    } = TimeSpan.FromSeconds(30);

    /// <summary>The clock of the time limits.</summary>
    /// <value>Not null. The default is <see cref="TimeProvider.System"/>.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public TimeProvider TimeProvider
    {
        get;
        init => field = Guards.NotNull(value, nameof(TimeProvider));
    } = TimeProvider.System;
}
