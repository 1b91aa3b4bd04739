using Spectre.Console;

namespace AsyncKit.Comparison;

/// <summary>The tables at the end of a run, for terminals of 80 columns or more.</summary>
internal static class ScreenReport
{
    private const int CellPadding = 2;

    /// <summary>A wider first column would leave the numbers no room on 80 columns.</summary>
    private const int MaxNameWidth = 30;

    // Columns to drop on a narrow terminal, the first one first. The files contain all columns.
    private static readonly string[] Dispensable = ["Lines", "Memory", "Speed-up"];

    public static void Write(ComparisonReport report, IAnsiConsole console)
    {
        foreach (var scenario in report.Scenarios)
        {
            console.WriteLine();
            console.Write(new Text($"{scenario.Name}: {scenario.Question}".TrimEnd(' ', ':')));
            console.WriteLine();
            console.Write(TableOf(scenario, console.Profile.Width));
            string?[] sentences =
                [.. TextsOf(scenario), scenario.Answer, Answers.Equal(scenario), Answers.Faster(scenario)];
            foreach (var sentence in sentences.Where(sentence => !string.IsNullOrEmpty(sentence)))
            {
                console.Write(new Text(sentence!));
                console.WriteLine();
            }
        }

        foreach (var warning in report.Warnings())
        {
            console.WriteLine();
            console.Write(new Text(warning));
            console.WriteLine();
        }

        console.WriteLine();
    }

    private static Table TableOf(ScenarioReport scenario, int width)
    {
        var columns = Fitting(scenario, width);
        var table = new Table { Border = TableBorder.Simple };
        table.AddColumn(new TableColumn(Column.Variant).Padding(0, 1));
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(Markup.Escape(column.Header)).Padding(0, 1).RightAligned().NoWrap());
        }

        foreach (var variant in scenario.Variants)
        {
            var style = !variant.Verified ? "red" : variant.IsEmphasized ? "bold" : "default";
            var cells = variant.Verified
                ? columns.Select(column => column.Cell(variant))
                : columns.Select((_, index) => index == 0 ? "WRONG" : "");
            table.AddRow([.. cells.Prepend(variant.Name).Select(cell => $"[{style}]{Markup.Escape(cell)}[/]")]);
        }

        return table;
    }

    private static List<Column> Fitting(ScenarioReport scenario, int width)
    {
        var columns = Column.Main(scenario).Where(column => !IsText(scenario, column)).ToList();
        foreach (var header in Dispensable)
        {
            var names = Math.Min(MaxNameWidth, scenario.Variants.Max(variant => variant.Name.Length)) + CellPadding;
            if (names + columns.Sum(column => WidthOf(column, scenario)) <= width)
            {
                break;
            }

            columns.RemoveAll(column => string.Equals(column.Header, header, StringComparison.Ordinal));
        }

        return columns;
    }

    private static int WidthOf(Column column, ScenarioReport scenario) => CellPadding
        + scenario.Variants.Max(variant => Math.Max(column.Header.Length, column.Cell(variant).Length));

    /// <summary>A text is too long for the table: a line for each text, with the variants that have it.</summary>
    private static IEnumerable<string> TextsOf(ScenarioReport scenario) =>
        from column in Column.Main(scenario)
        where IsText(scenario, column)
        from alike in scenario.Variants.GroupBy(column.Cell, StringComparer.Ordinal)
        select $"{column.Header}: {alike.Key} ({string.Join(", ", alike.Select(variant => variant.Name))})";

    private static bool IsText(ScenarioReport scenario, Column column) =>
        scenario.Variants.Any(variant => variant.MetricOf(column.Header) is { Value: null });
}
