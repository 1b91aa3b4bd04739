using System.Globalization;

namespace AsyncKit;

/// <summary>A time in a message: "50 ms", "1.25 s", "1 min 30 s" or "2 days 3 h".</summary>
/// <remarks>At most three digits or two units, the rest is cut off. As a parameter of a log message it is formatted only if
/// the message is written.</remarks>
internal readonly record struct TimeText(TimeSpan Value)
{
    public static implicit operator TimeText(TimeSpan value) => new(value);

    public static string Of(TimeSpan value) => value switch
    {
        _ when value == Timeout.InfiniteTimeSpan => "infinite",
        _ when value == TimeSpan.MinValue => Of(-TimeSpan.MaxValue), // Has no positive counterpart.
        _ when value < TimeSpan.Zero => "-" + OfPositive(-value),
        _ => OfPositive(value),
    };

    public override string ToString() => Of(Value);

    private static string OfPositive(TimeSpan value) => value switch
    {
        { Days: 1 } => Units(1, "day", value.Hours, "h"),
        { Days: > 1 } => Units(value.Days, "days", value.Hours, "h"),
        { Hours: > 0 } => Units(value.Hours, "h", value.Minutes, "min"),
        { Minutes: > 0 } => Units(value.Minutes, "min", value.Seconds, "s"),
        { Seconds: > 0 } => Number(value.Ticks / (decimal)TimeSpan.TicksPerSecond) + " s",
        _ => Number(value.Ticks / (decimal)TimeSpan.TicksPerMillisecond) + " ms",
    };

    private static string Units(int first, string firstUnit, int second, string secondUnit) =>
        second == 0 ? Text($"{first} {firstUnit}") : Text($"{first} {firstUnit} {second} {secondUnit}");

    private static string Number(decimal value) => value switch
    {
        >= 100 => Text($"{decimal.Truncate(value):0}"),
        >= 10 => Text($"{decimal.Truncate(value * 10) / 10:0.#}"),
        >= 1 => Text($"{decimal.Truncate(value * 100) / 100:0.##}"),
        _ => Text($"{value:0.####}"), // Down to one tick.
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
