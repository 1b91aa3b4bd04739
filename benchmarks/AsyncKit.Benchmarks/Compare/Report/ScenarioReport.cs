using System.Text.Json.Serialization;

namespace AsyncKit.Benchmarks;

/// <summary>One scenario of a run. A run that was interrupted has only the variants that were measured.</summary>
internal sealed record ScenarioReport(
    string Name, int Items, int Concurrency, IReadOnlyList<VariantReport> Variants)
{
    [JsonIgnore]
    public ScenarioKind Kind =>
        ScenarioKind.All.First(kind => string.Equals(kind.Name, Name, StringComparison.Ordinal));

    [JsonIgnore]
    public VariantReport? Hero => Find(Kind.Hero);

    /// <summary>What the run shows, in a sentence.</summary>
    public string Headline() =>
        Hero is { Verified: true, Speedup: { } speedup }
            ? Kind.Headline(this, speedup)
            : $"{Items} {Kind.Things}: no result of AsyncKit to compare";

    /// <summary>What else waited meanwhile, in a sentence; null when it is not known.</summary>
    public string? PoolRemark() =>
        Hero?.PoolLatencyMs is { } kit && Find(Variant.ThreadPool)?.PoolLatencyMs is { } blocked
            ? $"Unrelated work waited up to {Units.Milliseconds(kit.Max)} for a pool thread meanwhile, and up to "
                + $"{Units.Milliseconds(blocked.Max)} with Task.Run."
            : null;

    public VariantReport? Find(Variant variant) => Variants.FirstOrDefault(report => report.Is(variant));
}
