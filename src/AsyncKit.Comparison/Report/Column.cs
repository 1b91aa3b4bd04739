namespace AsyncKit.Comparison;

/// <summary>A column of the tables, the same on screen, in Markdown and in HTML.</summary>
/// <param name="Header">The heading.</param>
/// <param name="Meaning">A description of the number and how it is measured.</param>
/// <param name="Cell">The text of the cell.</param>
internal sealed record Column(string Header, string Meaning, Func<VariantReport, string> Cell)
{
    public const string Variant = "Variant";

    public static Column Time { get; } = new(
        "Time",
        "Wall time from the first item to the last result, the median of the rounds. ~ marks a median whose rounds differ by more than 15 %.",
        variant => (variant.IsNoisy ? "~" : "") + Units.Seconds(variant.MedianSeconds));

    public static Column Speedup { get; } = new(
        "Speed-up", "The median of the baseline divided by that of the variant.", variant => Units.Times(variant.Speedup));

    public static Column Pool { get; } = new(
        "Pool latency",
        "How long an unrelated work item, queued every 3 ms during the rounds, waits for a thread of the thread pool. "
        + "Timers and other requests wait as long. The 99th percentile, or the maximum (max) of fewer than 300 items.",
        variant => Tail(variant.PoolLatencyMs));

    public static Column Memory { get; } = new(
        "Memory", "The growth of the physical memory of the process during a round, the median of the rounds.",
        variant => Units.Megabytes(variant.AddedBytes));

    public static Column Lines { get; } = new(
        "Lines", "The lines of code of the variant, without what all variants share.",
        variant => variant.LinesOfCode == 0 ? "-" : Units.Count(variant.LinesOfCode));

    private static IReadOnlyList<Column> Rest { get; } =
    [
        new("Range", "The shortest and the longest round.", variant => variant.Rounds.Count == 0
            ? "-"
            : $"{Units.Seconds(variant.Shortest)[..^2]} - {Units.Seconds(variant.Longest)}"),
        new("Rounds", "The number of measured rounds.", variant => Units.Count(variant.Rounds.Count)),
        new("Pool p50", "The median of the same waits as those of the pool latency.",
            variant => Units.Milliseconds(variant.PoolLatencyMs?.P50)),
        new("Pool max", "The longest of these waits.", variant => Units.Milliseconds(variant.PoolLatencyMs?.Max)),
        new("Threads", "The most threads the process had, including those of the runtime, about a dozen.",
            variant => Units.Count(variant.PeakThreads)),
        new("CPU", "Processor time of the process, the median of the rounds.",
            variant => Units.Seconds(variant.CpuSeconds)),
        new("Allocated", "Managed memory allocated by all threads, the median of the rounds.",
            variant => Units.Megabytes(variant.AllocatedBytes)),
    ];

    private static IReadOnlyList<Column> Items { get; } =
    [
        new("Item p50", "The median time of one item, over all rounds.",
            variant => Units.Milliseconds(variant.ItemTimesMs?.P50)),
        new("Item p95", "The 95th percentile of these times, from 60 items or more.",
            variant => Units.Milliseconds(variant.ItemTimesMs?.P95)),
        new("Item p99", "The 99th percentile of these times, or the maximum (max) of fewer than 300 items.",
            variant => Tail(variant.ItemTimesMs)),
    ];

    /// <summary>The answer and its price: the columns that every reader sees first.</summary>
    public static IReadOnlyList<Column> Main(ScenarioReport scenario)
    {
        var metrics = scenario.Metrics.Select(metric =>
            new Column(metric.Name, metric.Meaning, variant => variant.MetricOf(metric.Name)?.Text ?? "-"));
        return scenario.IsRanked
            ? [Time, Speedup, .. metrics, Pool, Memory, Lines]
            : [.. metrics, Time, Lines];
    }

    /// <summary>The numbers behind the main columns.</summary>
    public static IReadOnlyList<Column> Details(ScenarioReport scenario) =>
        scenario.Variants.Any(variant => variant.ItemTimesMs is not null) ? [.. Rest, .. Items] : Rest;

    public static IEnumerable<Column> All(ComparisonReport report) => report.Scenarios
        .SelectMany(scenario => Main(scenario).Concat(Details(scenario)))
        .DistinctBy(column => (column.Header, column.Meaning));

    private static string Tail(Percentiles? times) => times switch
    {
        null => "-",
        { P99: null } => $"{Units.Milliseconds(times.Max)} max",
        _ => Units.Milliseconds(times.P99),
    };
}
