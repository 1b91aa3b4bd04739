using System.Globalization;

namespace AsyncKit.Comparison;

/// <summary>Formats numbers for people. A missing number is a dash.</summary>
internal static class Units
{
    private const string None = "-";

    public static string Seconds(double? value) => value switch
    {
        null => None,
        < 0.1 => Text($"{value:0.000} s"),
        _ => Text($"{value:0.00} s"),
    };

    public static string Times(double? value) => value switch
    {
        null => None,
        >= 99.95 => Text($"{value:0}x"),
        _ => Text($"{value:0.0}x"),
    };

    /// <summary>Formats a factor for a headline: a whole number from ten on, rounded down.</summary>
    public static string Roughly(double times) => times < 10 ? Times(times) : Text($"{Math.Floor(times):0}x");

    /// <summary>Formats the rest of a run; empty if it is not known.</summary>
    public static string Left(TimeSpan? value) => value switch
    {
        null => "",
        { TotalSeconds: < 10 } => "seconds left",
        { TotalSeconds: < 90 } => Text($"about {Math.Ceiling(value.Value.TotalSeconds / 10) * 10:0} s left"),
        _ => Text($"about {value.Value.TotalMinutes:0} min left"),
    };

    public static string Milliseconds(double? value) => value switch
    {
        null => None,
        < 10 => Text($"{value:0.00} ms"),
        < 1000 => Text($"{value:0} ms"),
        _ => Text($"{value / 1000:0.00} s"),
    };

    public static string Megabytes(long? value) => value is { } bytes ? Text($"{bytes / 1e6:0.0} MB") : None;

    public static string Count(long? value) => value is { } count ? Text($"{count:N0}") : None;

    public static string Day(DateTimeOffset value) => Text($"{value:yyyy-MM-dd HH:mm} UTC");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
