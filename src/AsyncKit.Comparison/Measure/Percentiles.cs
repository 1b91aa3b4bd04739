using System.Text.Json.Serialization;

namespace AsyncKit.Comparison;

/// <summary>The distribution of measured times, in milliseconds.</summary>
/// <param name="Samples">The number of measured times.</param>
/// <param name="P50">The median.</param>
/// <param name="P95">The 95th percentile; null with fewer than 60 samples.</param>
/// <param name="P99">The 99th percentile; null with fewer than 300 samples.</param>
/// <param name="Max">The longest time.</param>
internal sealed record Percentiles(int Samples, double P50, double? P95, double? P99, double Max)
{
    /// <summary>A percentile needs at least three samples above it. Otherwise it repeats the longest time.</summary>
    private const int SamplesAbove = 3;

    /// <summary>The largest percentile that the samples support.</summary>
    [JsonIgnore]
    public double Tail => P99 ?? Max;

    public static Percentiles? Of(IReadOnlyCollection<double> milliseconds)
    {
        if (milliseconds.Count == 0)
        {
            return null;
        }

        var sorted = milliseconds.Order().ToArray();
        return new Percentiles(
            sorted.Length,
            Math.Round(Statistics.Median(sorted), 3),
            IfEnough(sorted, 0.95),
            IfEnough(sorted, 0.99),
            Math.Round(sorted[^1], 3));
    }

    private static double? IfEnough(double[] sorted, double share) =>
        sorted.Length * (1 - share) >= SamplesAbove - 1e-9
            ? Math.Round(Statistics.Percentile(sorted, share), 3)
            : null;
}
