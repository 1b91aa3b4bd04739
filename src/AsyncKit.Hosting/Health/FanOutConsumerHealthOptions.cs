namespace AsyncKit.Hosting;

/// <summary>Represents the limits of a consumer's health check. Immutable, and validated when set.</summary>
public sealed record FanOutConsumerHealthOptions
{
    /// <summary>The time after which handlers of which none completes are stuck.</summary>
    /// <value>More than zero. The default is 1 min; choose more than the slowest item takes. <see cref="Timeout.InfiniteTimeSpan"/>
    /// disables the limit.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero, or negative and not infinite.</exception>
    public TimeSpan StuckAfter
    {
        get;
        init => field = Guards.Limit(value, nameof(StuckAfter), TimeSpan.FromTicks(1));
    } = TimeSpan.FromMinutes(1);

    /// <summary>The fraction of items that may fail.</summary>
    /// <value>From 0 to 1; 1 disables the limit. The default is 0.5.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public double MaxFailureRatio
    {
        get;
        init => field = Guards.InRange(value, 0, 1, nameof(MaxFailureRatio));
    } = 0.5;

    /// <summary>The number of items in <see cref="Window"/> below which the ratio is ignored.</summary>
    /// <value>At least 1. The default is 10.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int MinItems
    {
        get;
        init => field = Guards.AtLeast(value, 1, nameof(MinItems));
    } = 10;

    /// <summary>The time before the check whose items count for the ratio. It is rounded up to 5 s.</summary>
    /// <value>From 5 s to 1 h. The default is 1 min.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public TimeSpan Window
    {
        get;
        init => field = Guards.InRange(value, OutcomeWindow.Slice, OutcomeWindow.Length, nameof(Window));
    } = TimeSpan.FromMinutes(1);
}
