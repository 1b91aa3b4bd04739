namespace AsyncKit.Comparison.Tests;

/// <summary>Reports of runs that did not happen.</summary>
internal static class Reports
{
    public static VariantReport Variant(
        string name, double[] rounds, int? peakLoad = null, bool isBaseline = false, bool isEmphasized = false) => new(
        name,
        How: "",
        AtOnce: "",
        Caveat: "",
        isBaseline,
        isEmphasized,
        Code: "",
        LinesOfCode: 0,
        rounds,
        Statistics.Median(rounds),
        Speedup: 10 / Statistics.Median(rounds),
        CpuSeconds: 0,
        PeakThreads: 1,
        AllocatedBytes: 0,
        AddedBytes: 0,
        PeakWorkingSetBytes: 0,
        Percentiles.Of([1]),
        ItemTimesMs: null,
        peakLoad is { } load ? [MetricReport.Of(MetricReport.PeakLoad, [load])] : [],
        Verified: true,
        Error: null);

    public static ScenarioReport Scenario(params VariantReport[] variants) =>
        new("load", "How long?", "", 10, IsRanked: true, [], variants);
}
