namespace AsyncKit.Http;

/// <summary>The rules that all time limits of this package share.</summary>
internal static class HttpLimits
{
    public static TimeSpan ReadIdle { get; } = TimeSpan.FromSeconds(30);

    /// <summary>Returns the options of a deadline; null for no limit, which costs nothing.</summary>
    public static DeadlineOptions? Limit(TimeSpan? limit, string? name, TimeProvider clock) =>
        limit is not { } value || value == Timeout.InfiniteTimeSpan
            ? null
            : new DeadlineOptions { Limit = value, Name = name, TimeProvider = clock };
}
