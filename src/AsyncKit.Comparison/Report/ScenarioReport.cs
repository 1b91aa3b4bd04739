using System.Text.Json.Serialization;

namespace AsyncKit.Comparison;

/// <summary>The results of one scenario. An interrupted run contains only the variants that were measured.</summary>
internal sealed record ScenarioReport(
    string Name,
    string Question,
    string Answer,
    int Items,
    bool IsRanked,
    IReadOnlyList<LegendReport> Metrics,
    IReadOnlyList<VariantReport> Variants)
{
    /// <summary>The variant that the answer is about: the first emphasized one, or else the fastest.</summary>
    [JsonIgnore]
    public VariantReport? Hero => HeroOf(Variants);

    [JsonIgnore]
    public VariantReport? Baseline => Variants.FirstOrDefault(variant => variant.IsBaseline);

    /// <summary>Right variants whose time differs from that of the hero by noise only.</summary>
    [JsonIgnore]
    public IReadOnlyList<VariantReport> Equal => Hero is { } hero && IsRanked
        ? [.. Rivals.Where(variant => variant.IsEqualTo(hero))]
        : [];

    /// <summary>Right variants that are faster than the hero, the fastest first.</summary>
    [JsonIgnore]
    public VariantReport[] Faster => Hero is { } hero && IsRanked
        ? [.. Rivals.Where(variant => !variant.IsEqualTo(hero) && variant.MedianSeconds < hero.MedianSeconds)
            .OrderBy(variant => variant.MedianSeconds)]
        : [];

    private IEnumerable<VariantReport> Rivals =>
        Variants.Where(variant => variant.Verified && variant != Hero && variant.MedianSeconds is not null);

    public static ScenarioReport Of(ScenarioDefinition scenario, IReadOnlyList<VariantReport> variants)
    {
        var legend = scenario.Metrics.Select(metric => new LegendReport(metric.Name, metric.Meaning)).ToList();
        if (scenario.TimesItems && !legend.Exists(entry => entry.IsPeakLoad))
        {
            legend.Insert(0, new LegendReport(MetricReport.PeakLoad, MetricReport.PeakLoadMeaning));
        }

        var report = new ScenarioReport(
            scenario.Name, scenario.Question, "", scenario.ItemCount, scenario.IsRanked, legend, variants);
        return report with { Answer = Answers.Of(report, scenario.AnswerTemplate) };
    }

    private static VariantReport? HeroOf(IReadOnlyList<VariantReport> variants)
    {
        var right = variants.Where(variant => variant.Verified && variant.MedianSeconds is not null).ToList();
        return right.Find(variant => variant.IsEmphasized)
            ?? right.Where(variant => !variant.IsBaseline).MinBy(variant => variant.MedianSeconds);
    }
}
