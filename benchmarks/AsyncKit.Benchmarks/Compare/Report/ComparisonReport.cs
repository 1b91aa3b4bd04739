using System.Text.Json.Serialization;

namespace AsyncKit.Benchmarks;

/// <summary>All results of a run. results.json contains it, and the other reports are created from it.</summary>
internal sealed record ComparisonReport(
    int Schema,
    DateTimeOffset CreatedAt,
    Machine Machine,
    OptionsReport Options,
    IReadOnlyList<ScenarioReport> Scenarios,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Interrupted)
{
    public const int CurrentSchema = 1;

    [JsonIgnore]
    public bool AllVerified => Scenarios.All(scenario => scenario.Variants.All(variant => variant.Verified));
}
