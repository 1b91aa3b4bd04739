using System.Globalization;
using Microsoft.Extensions.Logging;

namespace AsyncKit;

/// <summary>The parameters of a deadline: the clock, the limit, and the name of the operation in messages.</summary>
internal readonly record struct DeadlineContext(
    TimeProvider Clock, TimeSpan Limit, string? Name = null, TimeSpan? Grace = null, ILogger? Logger = null, long Index = -1)
{
    /// <summary>The operation as the subject of a message.</summary>
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

    /// <summary>Creates the exception for an operation that was stopped by its limit.</summary>
    /// <param name="elapsed">The time since the operation started.</param>
    /// <param name="inner">The exception of the operation, if it threw one. Its data about attempts is copied.</param>
    public TimeoutException TimedOut(TimeSpan elapsed = default, Exception? inner = null)
    {
        var timeout = new TimeoutException(
            $"{Subject} was stopped by its limit of {TimeText.Of(Limit)}, after {TimeText.Of(elapsed)}.", inner);
        AttemptData.Copy(inner, timeout);
        return timeout;
    }
}
