namespace AsyncKit.Hosting;

/// <summary>The limit of the health check of a lane or a gate.</summary>
internal sealed record WaitLimit
{
    /// <summary>The time that a caller may wait.</summary>
    public TimeSpan MaxWait
    {
        get;
        init => field = Guards.AtLeast(value, TimeSpan.FromTicks(1), nameof(MaxWait));
    } = TimeSpan.FromSeconds(30);
}
