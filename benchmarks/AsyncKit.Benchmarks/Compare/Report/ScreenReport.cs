using Spectre.Console;

namespace AsyncKit.Benchmarks;

/// <summary>The tables and bars at the end of a run.</summary>
internal static class ScreenReport
{
    private const int RedirectedWidth = 160;
    private const int CellPadding = 3;

    // Columns to drop on a narrow terminal, the first one first. The files contain all columns.
    private static readonly string[] Dispensable = ["Rounds", "Pool p50", "Memory", "CPU", "Threads", "Allocated"];

    public static void Write(ComparisonReport report, IAnsiConsole console)
    {
        if (Console.IsOutputRedirected)
        {
            console.Profile.Width = RedirectedWidth;
        }

        foreach (var scenario in report.Scenarios)
        {
            console.WriteLine();
            console.Write(TableOf(scenario, console.Profile.Width));
            console.WriteLine();
            if (!Console.IsOutputRedirected)
            {
                console.Write(BarsOf(scenario));
                console.WriteLine();
                console.Write(PoolBarsOf(scenario));
                console.WriteLine();
            }

            console.WriteLine(scenario.Headline() + ".");
            if (scenario.PoolRemark() is { } remark)
            {
                console.WriteLine(remark);
            }
        }

        WriteFaults(report, console);
        console.WriteLine();
    }

    private static Table TableOf(ScenarioReport scenario, int width)
    {
        var columns = Fitting(scenario, width);
        var table = new Table
        {
            Border = Console.IsOutputRedirected ? TableBorder.None : TableBorder.Rounded,
            Title = new TableTitle(Markup.Escape(
                $"{scenario.Name}: {scenario.Items} {scenario.Kind.Things}, limit {scenario.Concurrency}")),
        };
        table.AddColumn(new TableColumn("Variant").NoWrap());
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(Markup.Escape(column.Header)).RightAligned().NoWrap());
        }

        foreach (var variant in scenario.Variants)
        {
            var style = variant.IsKit ? "bold green" : variant.Verified ? "default" : "red";
            var cells = columns.Select(column => column.Cell(variant)).Prepend(variant.Name);
            table.AddRow([.. cells.Select(cell => $"[{style}]{Markup.Escape(cell)}[/]")]);
        }

        return table;
    }

    private static List<Column> Fitting(ScenarioReport scenario, int width)
    {
        var columns = Column.All.ToList();
        foreach (var header in Dispensable)
        {
            var names = scenario.Variants.Max(variant => variant.Name.Length) + CellPadding + 1;
            if (names + columns.Sum(column => WidthOf(column, scenario)) <= width)
            {
                break;
            }

            columns.RemoveAll(column => string.Equals(column.Header, header, StringComparison.Ordinal));
        }

        return columns;
    }

    private static int WidthOf(Column column, ScenarioReport scenario) =>
        CellPadding + scenario.Variants.Max(variant => Math.Max(column.Header.Length, column.Cell(variant).Length));

    private static BarChart BarsOf(ScenarioReport scenario)
    {
        var chart = new BarChart { Label = "speed-up over one by one", LabelAlignment = Justify.Left };
        foreach (var variant in scenario.Variants.Where(variant => variant.Speedup is not null))
        {
            chart.AddItem(
                Markup.Escape(variant.Name),
                Math.Round(variant.Speedup!.Value, 1),
                variant.IsKit ? Color.Green : Color.Grey);
        }

        return chart;
    }

    private static BarChart PoolBarsOf(ScenarioReport scenario)
    {
        var chart = new BarChart { Label = "pool latency p99 in ms: what other work waits", LabelAlignment = Justify.Left };
        foreach (var variant in scenario.Variants.Where(variant => variant.PoolLatencyMs is not null))
        {
            chart.AddItem(
                Markup.Escape(variant.Name),
                Math.Round(variant.PoolLatencyMs!.P99, 1),
                variant.IsKit ? Color.Green : Color.Grey);
        }

        return chart;
    }

    private static void WriteFaults(ComparisonReport report, IAnsiConsole console)
    {
        foreach (var scenario in report.Scenarios)
        {
            foreach (var variant in scenario.Variants.Where(variant => !variant.Verified))
            {
                console.WriteLine($"FAILED  {scenario.Name}  {variant.Name}  {variant.Error}");
            }
        }

        if (report.Interrupted)
        {
            console.WriteLine("Interrupted: this is what was measured before.");
        }
    }
}
