namespace AsyncKit.Http;

/// <summary>What the limits of this package have in common.</summary>
internal static class HttpLimits
{
    /// <summary>A timer bears no more.</summary>
    public static TimeSpan Longest { get; } = TimeSpan.FromDays(49);

    public static TimeSpan ReadIdle { get; } = TimeSpan.FromSeconds(30);

    public static TimeSpan Check(TimeSpan value, string name) =>
        value >= TimeSpan.Zero || value == Timeout.InfiniteTimeSpan
            ? value
            : throw new ArgumentOutOfRangeException(
                name, value, $"{name} must be zero or more, or Timeout.InfiniteTimeSpan for no limit.");

    /// <summary>Null for no limit, which costs nothing then.</summary>
    public static DeadlineOptions? Limit(TimeSpan? limit, string? name, TimeProvider clock) =>
        limit is not { } given || given == Timeout.InfiniteTimeSpan
            ? null
            : new DeadlineOptions { Limit = given, Name = name, TimeProvider = clock };
}
