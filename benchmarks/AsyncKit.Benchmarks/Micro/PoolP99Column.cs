using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace AsyncKit.Benchmarks;

/// <summary>A column that is shown only if a benchmark took samples.</summary>
internal sealed class PoolP99Column : IColumn
{
    public string Id => nameof(PoolP99Column);

    public string ColumnName => "Pool p99";

    public string Legend =>
        "Pool p99  : How long unrelated work waited for a pool thread, 99th percentile of all iterations";

    public bool AlwaysShow => false;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Time;

    public bool IsAvailable(Summary summary) =>
        summary.BenchmarksCases.Any(benchmark => !double.IsNaN(PoolP99.Of(benchmark)));

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase) =>
        string.Create(CultureInfo.InvariantCulture, $"{PoolP99.Of(benchmarkCase):0.00} ms");

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) =>
        GetValue(summary, benchmarkCase);
}
