namespace AsyncKit.Comparison;

/// <summary>The measurements of one variant so far.</summary>
internal sealed class VariantRun(VariantDefinition variant, bool isBaseline)
{
    private readonly List<Measurement> _rounds = [];
    private readonly List<double> _itemTimes = [];
    private readonly Dictionary<string, List<object>> _metrics = new(StringComparer.Ordinal);

    public VariantDefinition Variant { get; } = variant;

    public bool IsBaseline { get; } = isBaseline;

    /// <summary>The reason why the variant is wrong. A wrong variant does not run again.</summary>
    public string? Error { get; set; }

    public int Rounds => _rounds.Count;

    public int SkippedRounds { get; set; }

    public bool HasResult => _rounds.Count > 0 || Error is not null;

    /// <summary>The time of the last round, or of a warm-up over all items.</summary>
    public double? LastSeconds { get; set; }

    public double? MedianSeconds => Error is null ? MedianOf(round => round.Seconds) : null;

    /// <summary>Adds a round and reads the metrics of the scenario.</summary>
    public void Add(Measurement round, ScenarioDefinition scenario)
    {
        _rounds.Add(round);
        LastSeconds = round.Seconds;
        _itemTimes.AddRange(scenario.Times.ToMilliseconds());
        if (scenario.TimesItems)
        {
            Values(MetricReport.PeakLoad).Add(scenario.Times.Peak);
        }

        foreach (var metric in scenario.Metrics)
        {
            var values = Values(metric.Name);
            if (scenario.TimesItems && string.Equals(metric.Name, MetricReport.PeakLoad, StringComparison.Ordinal))
            {
                values.RemoveAt(values.Count - 1);
            }

            values.Add(metric.Read());
        }
    }

    public VariantReport ToReport(double? baselineSeconds, ScenarioDefinition scenario) => new(
        Variant.Name,
        Variant.Notes.How,
        Variant.Notes.AtOnce,
        Variant.Notes.Caveat,
        IsBaseline,
        Variant.Notes.IsEmphasized,
        Variant.Code,
        SourceText.LinesOf(Variant.Code),
        [.. _rounds.Select(round => Math.Round(round.Seconds, 4))],
        Round(MedianOf(round => round.Seconds)),
        Error is null ? Round(baselineSeconds / MedianSeconds) : null,
        Round(MedianOf(round => round.CpuSeconds)),
        _rounds.Count == 0 ? null : _rounds.Max(round => round.Seen.PeakThreads),
        (long?)MedianOf(round => round.AllocatedBytes),
        (long?)MedianOf(round => round.Seen.AddedBytes),
        _rounds.Count == 0 ? null : _rounds.Max(round => round.Seen.PeakWorkingSetBytes),
        Percentiles.Of([.. _rounds.SelectMany(round => round.Seen.PoolWaitsMs)]),
        scenario.TimesItems ? Percentiles.Of(_itemTimes) : null,
        [.. _metrics.Where(metric => metric.Value.Count > 0).Select(metric => MetricReport.Of(metric.Key, metric.Value))],
        Verified: Error is null,
        Error);

    private List<object> Values(string metric)
    {
        if (!_metrics.TryGetValue(metric, out var values))
        {
            _metrics[metric] = values = [];
        }

        return values;
    }

    private double? MedianOf(Func<Measurement, double> value) =>
        _rounds.Count == 0 ? null : Statistics.Median(_rounds.Select(value));

    private static double? Round(double? value) => value is { } number ? Math.Round(number, 4) : null;
}
