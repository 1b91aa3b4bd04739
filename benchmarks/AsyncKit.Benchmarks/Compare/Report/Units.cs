using System.Globalization;

namespace AsyncKit.Benchmarks;

/// <summary>Formats numbers for people. A missing number is a dash.</summary>
internal static class Units
{
    private const string None = "-";

    public static string Seconds(double? value) => value is { } seconds ? Text($"{seconds:0.00} s") : None;

    public static string Times(double? value) => value is { } times ? Text($"{times:0.0}x") : None;

    /// <summary>Formats a factor for a headline: a whole number from ten on, rounded down.</summary>
    public static string Roughly(double times) => times < 10 ? Times(times) : Text($"{Math.Floor(times):0}x");

    public static string Milliseconds(double? value) => value switch
    {
        null => None,
        < 10 => Text($"{value:0.00} ms"),
        < 1000 => Text($"{value:0} ms"),
        _ => Text($"{value / 1000:0.00} s"),
    };

    public static string Megabytes(long? value) => value is { } bytes ? Text($"{bytes / 1e6:0.0} MB") : None;

    public static string Gigabytes(long value) => Text($"{value / (double)(1L << 30):0.0} GiB");

    public static string Count(int? value) => value is { } count ? Text($"{count}") : None;

    public static string Day(DateTimeOffset value) => Text($"{value:yyyy-MM-dd HH:mm} UTC");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
