using System.Text.Json.Serialization;

namespace AsyncKit.Comparison;

/// <summary>All results of a run. results.json contains it, and the other reports are created from it.</summary>
internal sealed record ComparisonReport(
    int Schema,
    string Title,
    DateTimeOffset CreatedAt,
    Machine Machine,
    OptionsReport Options,
    IReadOnlyList<ScenarioReport> Scenarios,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Interrupted)
{
    public const int CurrentSchema = 2;

    [JsonIgnore]
    public bool AllVerified => Scenarios.All(scenario => scenario.Variants.All(variant => variant.Verified));

    /// <summary>The sentences about what is not as it should be.</summary>
    public IEnumerable<string> Warnings()
    {
        if (Interrupted)
        {
            yield return "Interrupted: the report has only what was measured before.";
        }

        foreach (var scenario in Scenarios)
        {
            foreach (var variant in scenario.Variants.Where(variant => !variant.Verified))
            {
                yield return $"WRONG: {scenario.Name}, {variant.Name}: {variant.Error}";
            }
        }
    }
}
