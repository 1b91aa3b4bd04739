using System.Globalization;
using System.Text;

namespace AsyncKit.Benchmarks;

/// <summary>Writes report.md.</summary>
internal static class MarkdownReport
{
    public static string Create(ComparisonReport report)
    {
        var text = new StringBuilder();
        Line(text, "# Comparison: ways to do the same slow work");
        Line(text);
        Line(text, $"{Units.Day(report.CreatedAt)}. {Wording.MachineOf(report.Machine)}.");
        foreach (var warning in Wording.Warnings(report))
        {
            Line(text);
            Line(text, $"**{Escape(warning)}**");
        }

        foreach (var scenario in report.Scenarios)
        {
            AppendScenario(text, scenario);
        }

        AppendList(text, "What the columns mean", Column.All.Select(column => (column.Header, column.Meaning)));
        foreach (var (title, entries) in Wording.Variants(report))
        {
            AppendList(text, title, entries);
        }

        AppendList(text, "How it is measured", Wording.Method(report.Options));
        Line(text);
        Line(text, "## Do it again");
        Line(text);
        Line(text, "```");
        Line(text, report.Options.Command());
        Line(text, "```");
        return text.ToString();
    }

    private static void AppendScenario(StringBuilder text, ScenarioReport scenario)
    {
        Line(text);
        Line(text, $"## {scenario.Name}: {scenario.Headline()}");
        Line(text);
        Line(text, $"{scenario.Kind.Work} {scenario.Items} {scenario.Kind.Things}, limit {scenario.Concurrency}.");
        if (scenario.PoolRemark() is { } remark)
        {
            Line(text, remark);
        }

        Line(text);
        Line(text, $"| Variant | {string.Join(" | ", Column.All.Select(column => column.Header))} |");
        Line(text, "|---|" + string.Concat(Enumerable.Repeat("---:|", Column.All.Count)));
        foreach (var variant in scenario.Variants)
        {
            var mark = variant.IsKit ? "**" : "";
            var cells = Column.All.Select(column => Escape(column.Cell(variant)));
            Line(text, $"| {mark}{variant.Name}{mark} | {string.Join(" | ", cells)} |");
        }
    }

    private static void AppendList(StringBuilder text, string title, IEnumerable<(string Term, string Meaning)> entries)
    {
        Line(text);
        Line(text, $"## {title}");
        Line(text);
        foreach (var (term, meaning) in entries)
        {
            Line(text, $"- **{term}**: {Escape(meaning)}");
        }
    }

    // A fixed line end, so a report is the same file on every system.
    private static void Line(StringBuilder text, string line = "") =>
        text.Append(CultureInfo.InvariantCulture, $"{line}\n");

    private static string Escape(string text) =>
        text.Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);
}
