using System.Globalization;
using Microsoft.Extensions.Logging;

namespace AsyncKit;

/// <summary>What a deadline is told: the clock, the limit, and how to name what it limits.</summary>
internal readonly record struct DeadlineContext(
    TimeProvider Clock, TimeSpan Limit, string? Name = null, TimeSpan? Grace = null, ILogger? Logger = null, long Index = -1)
{
    /// <summary>What a timer bears. Longer limits are none.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(49);

    public string Subject => SubjectOf(Name, Index);

    public static string SubjectOf(string? name, long index = -1)
    {
        var item = index < 0 ? null : string.Create(CultureInfo.InvariantCulture, $"Item {index}");
        return (item, name) switch
        {
            (null, null) => "The operation",
            (null, _) => $"'{name}'",
            (_, null) => item,
            _ => $"{item} of '{name}'",
        };
    }

    public static bool IsFinite(TimeSpan limit) => limit >= TimeSpan.Zero && limit <= Longest;

    public static TimeSpan Check(TimeSpan limit, string name) =>
        limit >= TimeSpan.Zero || limit == Timeout.InfiniteTimeSpan
            ? limit
            : throw new ArgumentOutOfRangeException(
                name, limit, $"{name} must not be negative; Timeout.InfiniteTimeSpan means none.");

    public static TimeSpan? Check(TimeSpan? limit, string name) => limit is { } given ? Check(given, name) : null;

    /// <param name="limit">Which has passed.</param>
    /// <param name="elapsed">Since the operation has begun.</param>
    /// <param name="inner">How the operation ended. What it knows of its attempts is taken over.</param>
    public TimeoutException TimedOut(TimeSpan limit, TimeSpan elapsed, Exception? inner)
    {
        var timeout = new TimeoutException(
            string.Create(
                CultureInfo.InvariantCulture, $"{Subject} was stopped by its limit of {limit:c}, after {elapsed:c}."),
            inner);
        AttemptData.Copy(inner, timeout);
        return timeout;
    }
}
