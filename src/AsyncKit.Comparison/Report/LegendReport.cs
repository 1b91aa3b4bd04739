using System.Text.Json.Serialization;

namespace AsyncKit.Comparison;

/// <summary>The meaning of a metric of the scenario.</summary>
internal sealed record LegendReport(string Name, string Meaning)
{
    [JsonIgnore]
    public bool IsPeakLoad => string.Equals(Name, MetricReport.PeakLoad, StringComparison.Ordinal);
}
