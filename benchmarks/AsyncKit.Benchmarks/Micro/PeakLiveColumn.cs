using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace AsyncKit.Benchmarks;

/// <summary>A column that is shown only if a benchmark took samples.</summary>
internal sealed class PeakLiveColumn : IColumn
{
    public string Id => nameof(PeakLiveColumn);

    public string ColumnName => "Peak live";

    public string Legend =>
        "Peak live : The most memory alive during the run, above what was alive before it (1MB = 1,000,000B)";

    public bool AlwaysShow => false;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Size;

    public bool IsAvailable(Summary summary) =>
        summary.BenchmarksCases.Any(benchmark => !double.IsNaN(PeakLive.Of(benchmark)));

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase) =>
        string.Create(CultureInfo.InvariantCulture, $"{PeakLive.Of(benchmarkCase) / 1e6:0.00} MB");

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) =>
        GetValue(summary, benchmarkCase);
}
