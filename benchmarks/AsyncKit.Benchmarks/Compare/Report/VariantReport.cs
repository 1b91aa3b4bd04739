using System.Text.Json.Serialization;

namespace AsyncKit.Benchmarks;

/// <summary>One variant of a scenario. The numbers are null when no round of it succeeded.</summary>
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

    /// <summary>One of AsyncKit's.</summary>
    [JsonIgnore]
    public bool IsKit => VariantOf() is Variant.AsyncKit or Variant.Lane or Variant.WideLane;

    private Variant VariantOf() =>
        Enum.GetValues<Variant>().First(variant => string.Equals(variant.Name(), Name, StringComparison.Ordinal));
}
