using System.Globalization;
using System.Text.RegularExpressions;

namespace AsyncKit.Comparison;

/// <summary>The sentences about a scenario. They name only what was measured and verified.</summary>
internal static partial class Answers
{
    /// <summary>Fills in the template, or writes a sentence if a value that it names does not exist.</summary>
    public static string Of(ScenarioReport scenario, string template)
    {
        if (template.Length > 0)
        {
            var isComplete = true;
            var answer = Placeholder().Replace(template, match =>
            {
                var value = ValueOf(scenario, match.Groups["value"].Value, match.Groups["variant"].Value);
                isComplete &= value is not null;
                return value ?? "";
            });
            if (isComplete)
            {
                return answer;
            }
        }

        return scenario is { IsRanked: true, Hero: { Speedup: { } speedup } hero, Baseline: { } baseline }
            ? $"{hero.Name} is {Units.Roughly(speedup)} as fast as {baseline.Name}: {Units.Seconds(hero.MedianSeconds)} "
                + $"instead of {Units.Seconds(baseline.MedianSeconds)}."
            : scenario.IsRanked ? "No right variant to compare with the baseline." : "";
    }

    /// <summary>The variants that take as long as the hero; null without one.</summary>
    public static string? Equal(ScenarioReport scenario) => scenario.Equal.Count == 0
        ? null
        : $"Equal within the noise: {string.Join(", ", scenario.Equal.Select(variant => variant.Name))}.";

    /// <summary>Each faster variant with its price, or null without one.</summary>
    public static string? Faster(ScenarioReport scenario) => scenario.Faster.Length == 0
        ? null
        : string.Join(' ', scenario.Faster.Select(variant => Faster(variant, scenario.Hero!)));

    /// <summary>The fastest variant with its price, briefly, for the overview.</summary>
    public static string Fastest(ScenarioReport scenario)
    {
        if (scenario.Faster is not [var fastest, .. var others])
        {
            return scenario switch
            {
                { IsRanked: false } => "not ranked",
                { Hero: { } hero } when scenario.Equal.Any(equal => equal.MedianSeconds < hero.MedianSeconds) =>
                    "nothing beyond the noise",
                _ => "nothing",
            };
        }

        var slower = scenario.Hero!;
        var price = new List<string>();
        if (fastest.PeakLoad > slower.PeakLoad)
        {
            price.Add(string.Create(
                CultureInfo.InvariantCulture, $"peak load {fastest.PeakLoad:N0} instead of {slower.PeakLoad:N0}"));
        }

        if (fastest.Caveat.Length > 0)
        {
            price.Add(fastest.Caveat);
        }

        var text = $"{fastest.Name}, {Units.Times(slower.MedianSeconds / fastest.MedianSeconds)}";
        text += price.Count > 0 ? $": {string.Join("; ", price)}" : "";
        return others.Length > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{text} ({others.Length} more below)")
            : text;
    }

    /// <summary>The price of the chosen variant, briefly, for the overview.</summary>
    public static string Price(ScenarioReport scenario)
    {
        if (scenario is not { IsRanked: true, Hero: { } hero })
        {
            return "";
        }

        var load = hero.PeakLoad is { } peak ? string.Create(CultureInfo.InvariantCulture, $"peak load {peak:N0}, ") : "";
        return $"{load}pool latency {Column.Pool.Cell(hero)}, {Column.Memory.Cell(hero)}";
    }

    private static string Faster(VariantReport variant, VariantReport hero)
    {
        var text = $"{variant.Name} is {Units.Times(hero.MedianSeconds / variant.MedianSeconds)} as fast as {hero.Name}";
        if (variant.PeakLoad > hero.PeakLoad)
        {
            text += string.Create(
                CultureInfo.InvariantCulture, $", with a peak load of {variant.PeakLoad:N0} instead of {hero.PeakLoad:N0}");
        }

        return variant.Caveat.Length > 0 ? $"{text}: {variant.Caveat}." : $"{text}.";
    }

    private static string? ValueOf(ScenarioReport scenario, string value, string variant)
    {
        var found = scenario.Variants.FirstOrDefault(
            report => report.Verified && string.Equals(report.Name, variant, StringComparison.Ordinal));
        return value switch
        {
            _ when found is null => null,
            "speedup" => found.Speedup is { } speedup ? Units.Roughly(speedup) : null,
            "time" => found.MedianSeconds is null ? null : Units.Seconds(found.MedianSeconds),
            "pool" => found.PoolLatencyMs is null ? null : Units.Milliseconds(found.PoolLatencyMs.Tail),
            "memory" => found.AddedBytes is null ? null : Units.Megabytes(found.AddedBytes),
            _ => found.MetricOf(value)?.Text,
        };
    }

    [GeneratedRegex(@"\{(?<value>[^:{}]+):(?<variant>[^{}]+)\}", RegexOptions.None, 1000)]
    private static partial Regex Placeholder();
}
