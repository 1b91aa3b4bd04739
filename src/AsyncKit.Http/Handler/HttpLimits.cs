namespace AsyncKit.Http;

/// <summary>The rules that all time limits of this package share.</summary>
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

    /// <summary>Returns the options of a deadline; null for no limit, which costs nothing.</summary>
    public static DeadlineOptions? Limit(TimeSpan? limit, string? name, TimeProvider clock) =>
        limit is not { } value || value == Timeout.InfiniteTimeSpan
            ? null
            : new DeadlineOptions { Limit = value, Name = name, TimeProvider = clock };
}
