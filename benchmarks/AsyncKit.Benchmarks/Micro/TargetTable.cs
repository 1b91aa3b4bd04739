using System.Globalization;
using System.Reflection;
using BenchmarkDotNet.Environments;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;

namespace AsyncKit.Benchmarks;

/// <summary>
/// Prints each target next to its measured value, and then all tables, as Markdown to the screen and to one file.
/// </summary>
internal static class TargetTable
{
    public static void Write(IReadOnlyList<Summary> summaries, TextWriter screen)
    {
        var rows = summaries
            .SelectMany(summary => summary.Reports.SelectMany(report => RowsOf(summary, report)))
            .ToList();
        if (rows.Count == 0)
        {
            return;
        }

        var day = DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        List<string> lines =
        [
            "# Micro benchmarks",
            "",
            "Measured " + day + " by `dotnet run -c Release --project benchmarks/AsyncKit.Benchmarks -- micro`.",
            "",
            "```text",
            .. HostEnvironmentInfo.GetCurrent().ToFormattedString(),
            "```",
            "",
            "## Targets",
            "",
            "| what | against | measured | target | |",
            "|---|---|---:|---:|---|",
            .. rows,
            .. summaries.SelectMany(TableOf),
        ];
        var path = Path.Combine(summaries[0].ResultsDirectoryPath, "micro.md");
        File.WriteAllLines(path, lines);
        screen.WriteLine();
        lines.ForEach(screen.WriteLine);
        screen.WriteLine();
        screen.WriteLine(path);
    }

    private static IEnumerable<string> TableOf(Summary summary)
    {
        var logger = new AccumulationLogger();
        MarkdownExporter.GitHub.ExportToLog(summary, logger);
        var table = logger.GetLog().Split('\n').Select(line => line.TrimEnd()).Where(line => line.StartsWith('|'));
        return ["", "## " + summary.BenchmarksCases[0].Descriptor.Type.Name, "", .. table];
    }

    private static IEnumerable<string> RowsOf(Summary summary, BenchmarkReport report)
    {
        foreach (var target in report.BenchmarkCase.Descriptor.WorkloadMethod.GetCustomAttributes<TargetAttribute>())
        {
            var parameters = report.BenchmarkCase.Parameters.Items;
            if (target.Case is not null && !parameters.Any(parameter => Equals(parameter.Value, target.Case)))
            {
                continue;
            }

            var baseline = summary.Reports.FirstOrDefault(other =>
                Same(other.BenchmarkCase.Descriptor.WorkloadMethod.Name, target.Against)
                && Same(other.BenchmarkCase.Parameters.DisplayInfo, report.BenchmarkCase.Parameters.DisplayInfo));
            foreach (var (measured, limit, unit) in Measured(target, report, baseline))
            {
                var verdict = measured <= limit ? "reached" : double.IsNaN(measured) ? "not measured" : "**missed**";
                if (baseline is not null && limit.Equals(target.TimeRatio) && !CoreDistance.IsSame(report, baseline))
                {
                    verdict += ", but the processors moved";
                }

                var (what, against) = (target.What, target.Against ?? "-");
                yield return string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {what} | {against} | {measured:0.##} {unit} | {limit:0.##} {unit} | {verdict} |");
            }
        }
    }

    private static IEnumerable<(double Measured, double Limit, string Unit)> Measured(
        TargetAttribute target, BenchmarkReport report, BenchmarkReport? baseline)
    {
        (double Measured, double Limit, string Unit)[] all =
        [
            (Time(report) / Time(baseline), target.TimeRatio, "x time"),
            (Bytes(report) / Bytes(baseline), target.BytesRatio, "x bytes"),
            (Bytes(report) - Bytes(baseline), target.ExtraBytes, "B more"),
            (Bytes(report), target.Bytes, "B"),
            (Time(report) / 1e6, target.Milliseconds, "ms"),
            (Time(report) / 1e3, target.Microseconds, "us"),
            (PoolP99.Of(report.BenchmarkCase), target.PoolP99Milliseconds, "ms pool p99"),
            (PeakLive.Of(report.BenchmarkCase) / 1e6, target.PeakLiveBytes / 1e6, "MB live"),
        ];
        return all.Where(one => !double.IsNaN(one.Limit));
    }

    private static bool Same(string one, string? other) => string.Equals(one, other, StringComparison.Ordinal);

    private static double Time(BenchmarkReport? report) => report?.ResultStatistics?.Median ?? double.NaN;

    private static double Bytes(BenchmarkReport? report) => report?.GcStats is { TotalOperations: > 0 } stats
        ? (stats.GetTotalAllocatedBytes(excludeAllocationQuantumSideEffects: true) ?? double.NaN)
            / stats.TotalOperations
        : double.NaN;
}
