using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <summary>Checks parameters and options. Each message says the parameter, the rule and the value.</summary>
/// <remarks>The name of a parameter is taken from the call. A property passes its own.</remarks>
internal static class Guards
{
    /// <summary>The longest time that a timer supports, in whole days. A longer limit is no limit.</summary>
    public static readonly TimeSpan MaxTimeout = TimeSpan.FromDays(49);

    public static bool IsFinite(TimeSpan limit) => limit >= TimeSpan.Zero && limit <= MaxTimeout;

    /// <summary>The limit in the form that timers and waits accept.</summary>
    public static TimeSpan ForTimer(TimeSpan limit) => IsFinite(limit) ? limit : Timeout.InfiniteTimeSpan;

    public static T NotNull<T>([NotNull] T? value, [CallerArgumentExpression(nameof(value))] string name = "")
        where T : class => value ?? throw new ArgumentNullException(name, $"{name} must not be null.");

    public static T AtLeast<T>(T value, T min, [CallerArgumentExpression(nameof(value))] string name = "")
        where T : struct, IComparable<T> =>
        value.CompareTo(min) >= 0 ? value : throw OutOfRange(value, name, $"must be at least {Text(min)}");

    public static T? AtLeast<T>(T? value, T min, [CallerArgumentExpression(nameof(value))] string name = "")
        where T : struct, IComparable<T> =>
        value is not { } given || given.CompareTo(min) >= 0
            ? value
            : throw OutOfRange(value, name, $"must be at least {Text(min)}, or null");

    public static T InRange<T>(T value, T min, T max, [CallerArgumentExpression(nameof(value))] string name = "")
        where T : struct, IComparable<T> =>
        IsBetween(value, min, max) ? value : throw OutOfRange(value, name, $"must be from {Text(min)} to {Text(max)}");

    public static T? InRange<T>(T? value, T min, T max, [CallerArgumentExpression(nameof(value))] string name = "")
        where T : struct, IComparable<T> =>
        value is not { } given || IsBetween(given, min, max)
            ? value
            : throw OutOfRange(value, name, $"must be from {Text(min)} to {Text(max)}, or null");

    /// <summary>Checks a limit. <see cref="Timeout.InfiniteTimeSpan"/> disables it.</summary>
    public static TimeSpan Limit(
        TimeSpan value, [CallerArgumentExpression(nameof(value))] string name = "", TimeSpan min = default) =>
        value >= min || value == Timeout.InfiniteTimeSpan
            ? value
            : throw OutOfRange(value, name, $"must be at least {Text(min)}, or Timeout.InfiniteTimeSpan");

    public static TimeSpan? Limit(TimeSpan? value, [CallerArgumentExpression(nameof(value))] string name = "") =>
        value is { } given ? Limit(given, name) : null;

    /// <summary>Checks a time that is passed to a timer. <see cref="Timeout.InfiniteTimeSpan"/> disables it.</summary>
    public static TimeSpan TimerLimit(
        TimeSpan value, [CallerArgumentExpression(nameof(value))] string name = "", TimeSpan min = default) =>
        IsBetween(value, min, MaxTimeout) || value == Timeout.InfiniteTimeSpan
            ? value
            : throw OutOfRange(value, name, $"must be from {Text(min)} to {Text(MaxTimeout)}, or Timeout.InfiniteTimeSpan");

    public static T Defined<T>(T value, [CallerArgumentExpression(nameof(value))] string name = "")
        where T : struct, Enum =>
        Enum.IsDefined(value) ? value : throw OutOfRange(value, name, $"must be {string.Join(" or ", Enum.GetNames<T>())}");

    private static bool IsBetween<T>(T value, T min, T max)
        where T : struct, IComparable<T> => value.CompareTo(min) >= 0 && value.CompareTo(max) <= 0;

    private static ArgumentOutOfRangeException OutOfRange<T>(T value, string name, string rule)
    {
        var text = Text(value);
        if (rule.Contains($" {text}", StringComparison.Ordinal)) // Cut off to the limit that it exceeds.
        {
            text = FormattableString.Invariant($"{value}");
        }

        return new(name, value, $"{name} {rule}; it was {text}.");
    }

    private static string Text<T>(T value) => value is TimeSpan time ? TimeText.Of(time) : FormattableString.Invariant($"{value}");
}
