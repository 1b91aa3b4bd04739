using System.Text.Json.Serialization;

namespace AsyncKit.Comparison;

/// <summary>The results of one variant. The numbers are null if none of its rounds succeeded.</summary>
internal sealed record VariantReport(
    string Name,
    string How,
    string AtOnce,
    string Caveat,
    bool IsBaseline,
    bool IsEmphasized,
    string Code,
    int LinesOfCode,
    IReadOnlyList<double> Rounds,
    double? MedianSeconds,
    double? Speedup,
    double? CpuSeconds,
    int? PeakThreads,
    long? AllocatedBytes,
    long? AddedBytes,
    long? PeakWorkingSetBytes,
    Percentiles? PoolLatencyMs,
    Percentiles? ItemTimesMs,
    IReadOnlyList<MetricReport> Metrics,
    bool Verified,
    string? Error)
{
    /// <summary>Below this share of the median, the range of the rounds is not worth a remark.</summary>
    private const double NoisyShare = 0.15;

    /// <summary>A difference of this share is called equal even if the ranges do not overlap: it is written 1.0x.</summary>
    private const double EqualShare = 0.05;

    /// <summary>The same for a single round, whose noise is unknown.</summary>
    private const double EqualShareOfOne = 0.1;

    [JsonIgnore]
    public double Shortest => Rounds.Count == 0 ? 0 : Rounds.Min();

    [JsonIgnore]
    public double Longest => Rounds.Count == 0 ? 0 : Rounds.Max();

    /// <summary>True if the rounds differ so much that the median may differ in the next run.</summary>
    public bool IsNoisy => Longest - Shortest > NoisyShare * MedianSeconds;

    public double? PeakLoad => MetricOf(MetricReport.PeakLoad)?.Value;

    public MetricReport? MetricOf(string name) =>
        Metrics.FirstOrDefault(metric => string.Equals(metric.Name, name, StringComparison.Ordinal));

    /// <summary>True if the difference of the two medians may be noise.</summary>
    public bool IsEqualTo(VariantReport other)
    {
        if (MedianSeconds is not { } own || other.MedianSeconds is not { } theirs)
        {
            return false;
        }

        var share = Rounds.Count == 1 || other.Rounds.Count == 1 ? EqualShareOfOne : EqualShare;
        return Math.Abs(own - theirs) <= share * Math.Min(own, theirs)
            || (Rounds.Count > 1 && other.Rounds.Count > 1 && Shortest <= other.Longest && other.Shortest <= Longest);
    }
}
