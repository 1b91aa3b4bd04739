namespace AsyncKit.Http;

/// <summary>What the limits of this package have in common.</summary>
internal static class HttpLimits
{
    public static TimeSpan ReadIdle { get; } = TimeSpan.FromSeconds(30);

    /// <summary>Null for no limit, which costs nothing then.</summary>
    public static DeadlineOptions? Limit(TimeSpan? limit, string? name, TimeProvider clock) =>
        limit is not { } given || given == Timeout.InfiniteTimeSpan
            ? null
            : new DeadlineOptions { Limit = given, Name = name, TimeProvider = clock };
}
