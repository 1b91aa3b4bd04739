namespace AsyncKit.Benchmarks;

/// <summary>The measurements of one variant so far.</summary>
internal sealed class VariantRun(Variant variant)
{
    private readonly List<Measurement> _rounds = [];

    public Variant Variant { get; } = variant;

    /// <summary>The reason why the variant failed. A failed variant does not run again.</summary>
    public string? Error { get; set; }

    public bool HasResult => _rounds.Count > 0 || Error is not null;

    public double? LastSeconds => _rounds.Count > 0 ? _rounds[^1].Seconds : null;

    public double? MedianSeconds => Error is null ? MedianOf(round => round.Seconds) : null;

    public void Add(Measurement round) => _rounds.Add(round);

    public VariantReport ToReport(double? baselineSeconds) => new(
        Variant.Name(),
        [.. _rounds.Select(round => Math.Round(round.Seconds, 4))],
        Round(MedianSeconds),
        Round(baselineSeconds / MedianSeconds),
        Round(MedianOf(round => round.CpuSeconds)),
        _rounds.Count == 0 ? null : _rounds.Max(round => round.Seen.PeakThreads),
        (long?)MedianOf(round => round.AllocatedBytes),
        _rounds.Count == 0 ? null : _rounds.Max(round => round.Seen.PeakWorkingSetBytes),
        _rounds.Count == 0 ? null : PoolLatency.Of([.. _rounds.SelectMany(round => round.Seen.PoolWaitsMs)]),
        Verified: Error is null,
        Error);

    private double? MedianOf(Func<Measurement, double> value) =>
        _rounds.Count == 0 ? null : Statistics.Median(_rounds.Select(value));

    private static double? Round(double? value) => value is { } number ? Math.Round(number, 4) : null;
}
