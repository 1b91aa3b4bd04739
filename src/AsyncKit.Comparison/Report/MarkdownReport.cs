using System.Globalization;
using System.Text;

namespace AsyncKit.Comparison;

/// <summary>Writes report.md.</summary>
internal static class MarkdownReport
{
    public static string Create(ComparisonReport report)
    {
        var text = new StringBuilder();
        Line(text, $"# {Escape(report.Title)}");
        Line(text);
        Line(text, $"{Units.Day(report.CreatedAt)}. {report.Machine.Summary()}.");
        foreach (var warning in report.Warnings())
        {
            Line(text);
            Line(text, $"**{Escape(warning)}**");
        }

        Line(text);
        Line(text, "| Scenario | Answer | Faster, and its price |");
        Line(text, "|---|---|---|");
        foreach (var scenario in report.Scenarios)
        {
            Line(text, $"| {scenario.Name} | {Escape(scenario.Answer)} | {Escape(Answers.Fastest(scenario))} |");
        }

        foreach (var scenario in report.Scenarios)
        {
            AppendScenario(text, scenario);
        }

        AppendList(text, "What the columns mean", Column.All(report).Select(column => (column.Header, column.Meaning)));
        AppendList(text, "How it is measured", Method.Of(report));
        Line(text);
        Line(text, "## Repeat the run");
        Line(text);
        Line(text, "```sh");
        Line(text, report.Options.Command);
        Line(text, "```");
        return text.ToString();
    }

    private static void AppendScenario(StringBuilder text, ScenarioReport scenario)
    {
        Line(text);
        Line(text, $"## {scenario.Name}");
        foreach (var paragraph in new[]
        {
            $"{scenario.Question} {Method.ItemsOf(scenario)}".Trim(),
            scenario.Answer.Length > 0 ? $"**{scenario.Answer}**" : null,
            Answers.Equal(scenario),
            Answers.Faster(scenario),
        })
        {
            if (!string.IsNullOrEmpty(paragraph))
            {
                Line(text);
                Line(text, Escape(paragraph));
            }
        }

        AppendTable(text, scenario, Column.Main(scenario));
        Line(text);
        Line(text, "<details><summary>More numbers</summary>");
        AppendTable(text, scenario, Column.Details(scenario));
        Line(text);
        Line(text, "</details>");
        Line(text, "<details><summary>The code of the variants</summary>");
        foreach (var variant in scenario.Variants.Where(variant => variant.Code.Length > 0))
        {
            Line(text);
            Line(text, $"**{Escape(variant.Name)}**{(variant.How.Length > 0 ? $": {Escape(variant.How)}" : "")}");
            Line(text);
            Line(text, "```csharp");
            Line(text, variant.Code);
            Line(text, "```");
        }

        Line(text);
        Line(text, "</details>");
    }

    private static void AppendTable(StringBuilder text, ScenarioReport scenario, IReadOnlyList<Column> columns)
    {
        Line(text);
        Line(text, $"| {Column.Variant} | {string.Join(" | ", columns.Select(column => column.Header))} |");
        Line(text, "|---|" + string.Concat(Enumerable.Repeat("---:|", columns.Count)));
        foreach (var variant in scenario.Variants)
        {
            var mark = variant.IsEmphasized ? "**" : "";
            var cells = variant.Verified
                ? columns.Select(column => Escape(column.Cell(variant)))
                : columns.Select((_, index) => index == 0 ? "**WRONG**" : "");
            Line(text, $"| {mark}{Escape(variant.Name)}{mark} | {string.Join(" | ", cells)} |");
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

    private static string Escape(string text) => text
        .Replace("|", "\\|", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal)
        .ReplaceLineEndings(" ");
}
