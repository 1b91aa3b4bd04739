using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace AsyncKit.Benchmarks;

/// <summary>The median divided by that of the baseline. One slow iteration of either does not change it.</summary>
internal sealed class MedianRatioColumn : IColumn
{
    public string Id => nameof(MedianRatioColumn);

    public string ColumnName => "Ratio";

    public string Legend => "Ratio     : Median divided by the median of the baseline";

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Baseline;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public bool IsAvailable(Summary summary) => true;

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
    {
        var baseline = summary.BenchmarksCases.FirstOrDefault(other =>
            summary.IsBaseline(other)
            && string.Equals(
                other.Parameters.DisplayInfo, benchmarkCase.Parameters.DisplayInfo, StringComparison.Ordinal));
        var ratio = Median(summary, benchmarkCase) / (baseline is null ? null : Median(summary, baseline));
        return ratio is { } value
            ? value.ToString(value < 0.01 ? "0.0000" : "0.00", CultureInfo.InvariantCulture)
            : "?";
    }

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) =>
        GetValue(summary, benchmarkCase);

    private static double? Median(Summary summary, BenchmarkCase benchmark) =>
        summary[benchmark]?.ResultStatistics?.Median;
}
