using System.Globalization;
using Microsoft.Extensions.Logging;

namespace AsyncKit;

/// <summary>What a deadline is told: the clock, the limit, and how to name what it limits.</summary>
internal readonly record struct DeadlineContext(
    TimeProvider Clock, TimeSpan Limit, string? Name = null, TimeSpan? Grace = null, ILogger? Logger = null, long Index = -1)
{
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
