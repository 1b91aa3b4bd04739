using System.Globalization;

namespace AsyncKit.Comparison;

/// <summary>The value of a metric over all rounds of a variant.</summary>
/// <param name="Name">The heading of its column.</param>
/// <param name="Text">The value for people.</param>
/// <param name="Value">The value as a number, a time in milliseconds; null for a text.</param>
internal sealed record MetricReport(string Name, string Text, double? Value)
{
    public const string PeakLoad = "Peak load";
    public const string PeakLoadMeaning = "The largest number of items in progress at the same time, in any round.";

    public static MetricReport Of(string name, IReadOnlyList<object> values)
    {
        switch (values[^1])
        {
            case TimeSpan:
                var milliseconds = Statistics.Median(values.Select(value => ((TimeSpan)value).TotalMilliseconds));
                return new MetricReport(name, Units.Milliseconds(milliseconds), Math.Round(milliseconds, 3));
            case double:
                var median = Statistics.Median(values.Select(value => (double)value));
                return new MetricReport(name, median.ToString("0.##", CultureInfo.InvariantCulture), median);
            case int or long:
                var most = values.Max(value => Convert.ToInt64(value, CultureInfo.InvariantCulture));
                return new MetricReport(name, Units.Count(most), most);
            default:
                return new MetricReport(name, Convert.ToString(values[^1], CultureInfo.InvariantCulture) ?? "", null);
        }
    }
}
