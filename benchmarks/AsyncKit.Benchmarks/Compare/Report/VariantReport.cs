using System.Text.Json.Serialization;

namespace AsyncKit.Benchmarks;

/// <summary>The results of one variant. The numbers are null if none of its rounds succeeded.</summary>
internal sealed record VariantReport(
    string Name,
    IReadOnlyList<double> Rounds,
    double? MedianSeconds,
    double? Speedup,
    double? CpuSeconds,
    int? PeakThreads,
    long? AllocatedBytes,
    long? PeakWorkingSetBytes,
    PoolLatency? PoolLatencyMs,
    bool Verified,
    string? Error)
{
    [JsonIgnore]
    public string Title => VariantOf().Title();

    public bool Is(Variant variant) => VariantOf() == variant;

    /// <summary>True for a variant of AsyncKit.</summary>
    [JsonIgnore]
    public bool IsKit => VariantOf() is Variant.AsyncKit or Variant.Lane or Variant.WideLane;

    private Variant VariantOf() =>
        Enum.GetValues<Variant>().First(variant => string.Equals(variant.Name(), Name, StringComparison.Ordinal));
}
