namespace AsyncKit.Hosting;

/// <summary>The limit of the health check of the thread pool.</summary>
internal sealed record LatencyLimit
{
    /// <summary>The time that work may wait for a thread.</summary>
    public TimeSpan MaxLatency
    {
        get;
        init => field = Guards.AtLeast(value, TimeSpan.FromTicks(1), nameof(MaxLatency));
    } = TimeSpan.FromSeconds(1);
}
