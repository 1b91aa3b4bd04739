namespace AsyncKit.Http;

/// <summary>The timeouts of a single request; null for those of the client.</summary>
internal sealed record TimeoutOverride
{
    public TimeSpan? Attempt { get; init; }

    public TimeSpan? Total { get; init; }

    public TimeSpan? ReadIdle { get; init; }

    /// <summary>True if the total timeout ends with the headers.</summary>
    public bool IsUntilHeaders { get; init; }
}
