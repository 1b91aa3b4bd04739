using System.Text.Json.Serialization;

namespace AsyncKit.Benchmarks;

/// <summary>The results of one scenario. An interrupted run contains only the variants that were measured.</summary>
internal sealed record ScenarioReport(
    string Name, int Items, int Concurrency, IReadOnlyList<VariantReport> Variants)
{
    [JsonIgnore]
    public ScenarioKind Kind =>
        ScenarioKind.All.First(kind => string.Equals(kind.Name, Name, StringComparison.Ordinal));

    [JsonIgnore]
    public VariantReport? Hero => Find(Kind.Hero);

    /// <summary>The result of the run in a sentence.</summary>
    public string Headline() =>
        Hero is { Verified: true, Speedup: { } speedup }
            ? Kind.Headline(this, speedup)
            : $"{Items} {Kind.Things}: no result of AsyncKit to compare";

    /// <summary>The wait of unrelated work in a sentence; null if it is not known.</summary>
    public string? PoolRemark() =>
        Hero?.PoolLatencyMs is { } kit && Find(Variant.ThreadPool)?.PoolLatencyMs is { } blocked
            ? $"Unrelated work waited up to {Units.Milliseconds(kit.Max)} for a pool thread meanwhile, and up to "
                + $"{Units.Milliseconds(blocked.Max)} with Task.Run."
            : null;

    public VariantReport? Find(Variant variant) => Variants.FirstOrDefault(report => report.Is(variant));
}
