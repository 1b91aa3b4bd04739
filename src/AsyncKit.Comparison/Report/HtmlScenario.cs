using System.Text;
using static AsyncKit.Comparison.HtmlReport;

namespace AsyncKit.Comparison;

/// <summary>Writes a scenario of report.html: the answer, the bars with the price of each variant, the numbers and the
/// code behind them.</summary>
internal static class HtmlScenario
{
    /// <summary>Other work that waits this long for a thread notices it.</summary>
    private const double SlowPoolMs = 20;

    /// <summary>A person notices a wait of this length.</summary>
    private const double BadPoolMs = 100;

    public static void Append(StringBuilder html, ScenarioReport scenario)
    {
        HtmlReport.Append(html, $"<section id=\"{Escape(scenario.Name)}\">\n<p class=\"name\">{Escape(scenario.Name)}, ");
        HtmlReport.Append(html, $"{Escape(Method.ItemsOf(scenario).TrimEnd('.'))}</p>\n<h2>{Escape(scenario.Question)}</h2>\n");
        AppendParagraph(html, "answer", scenario.Answer);
        AppendParagraph(html, "soft", Answers.Equal(scenario));
        AppendParagraph(html, "soft", Answers.Faster(scenario));
        AppendVariants(html, scenario);
        AppendNumbers(html, scenario);
        AppendCode(html, scenario);
        html.Append("</section>\n");
    }

    private static void AppendParagraph(StringBuilder html, string style, string? text)
    {
        if (!string.IsNullOrEmpty(text))
        {
            HtmlReport.Append(html, $"<p class=\"{style}\">{Escape(text)}</p>\n");
        }
    }

    private static void AppendVariants(StringBuilder html, ScenarioReport scenario)
    {
        var columns = Column.Main(scenario);
        HtmlReport.Append(html, $"<table class=\"variants\">\n<thead><tr><th>{Column.Variant}</th>");
        foreach (var column in columns)
        {
            var title = column == Column.Time && scenario.IsRanked ? "Time, with the range of all rounds" : column.Header;
            HtmlReport.Append(html, $"<th class=\"{StyleOf(scenario, column)}\">{Escape(title)}</th>");
        }

        html.Append("</tr></thead>\n<tbody>\n");
        foreach (var variant in scenario.Variants)
        {
            AppendVariant(html, scenario, variant, columns);
        }

        html.Append("</tbody></table>\n");
    }

    private static void AppendVariant(
        StringBuilder html, ScenarioReport scenario, VariantReport variant, IReadOnlyList<Column> columns)
    {
        var style = !variant.Verified ? "bad" : variant.IsEmphasized ? "kit" : "other";
        HtmlReport.Append(html, $"<tr class=\"{style}\"><th scope=\"row\">{Escape(variant.Name)}</th>");
        if (!variant.Verified)
        {
            HtmlReport.Append(html, $"<td colspan=\"{columns.Count}\" class=\"wrong\">WRONG: {Escape(variant.Error ?? "")}</td>");
        }

        foreach (var column in variant.Verified ? columns : [])
        {
            var value = column.Cell(variant);
            var cell = StyleOf(scenario, column);
            if (column == Column.Pool)
            {
                cell += PoolStyle(variant);
            }

            HtmlReport.Append(html, $"<td class=\"{cell}\" data-label=\"{Escape(column.Header)}\">");
            HtmlReport.Append(html, $"{(column == Column.Time && scenario.IsRanked ? Bar(scenario, variant) : "")}{Escape(value)}</td>");
        }

        html.Append("</tr>\n");
    }

    /// <summary>The bar ends at the median, the line spans all rounds.</summary>
    private static string Bar(ScenarioReport scenario, VariantReport variant)
    {
        var longest = Math.Max(double.Epsilon, scenario.Variants.Where(other => other.Verified).Max(other => other.Longest));
        var bar = new StringBuilder();
        HtmlReport.Append(bar, $"<span class=\"bar\"><i style=\"width:{100 * variant.MedianSeconds / longest:0.##}%\"></i>");
        HtmlReport.Append(bar, $"<u style=\"left:{100 * variant.Shortest / longest:0.##}%;");
        HtmlReport.Append(bar, $"width:{100 * (variant.Longest - variant.Shortest) / longest:0.##}%\"></u></span>");
        return bar.ToString();
    }

    private static string PoolStyle(VariantReport variant) => variant.PoolLatencyMs?.Tail switch
    {
        >= BadPoolMs => " alarm",
        >= SlowPoolMs => " warn",
        _ => "",
    };

    private static string StyleOf(ScenarioReport scenario, Column column) =>
        column == Column.Time && scenario.IsRanked
            ? "time"
            : scenario.Variants.Any(variant => variant.MetricOf(column.Header) is { Value: null }) ? "words" : "number";

    private static void AppendNumbers(StringBuilder html, ScenarioReport scenario)
    {
        var columns = Column.Details(scenario);
        html.Append("<details><summary>More numbers</summary><div class=\"scroll\" tabindex=\"0\"><table>\n");
        HtmlReport.Append(html, $"<thead><tr><th>{Column.Variant}</th>");
        foreach (var column in columns)
        {
            HtmlReport.Append(html, $"<th class=\"number\">{Escape(column.Header)}</th>");
        }

        html.Append("</tr></thead>\n<tbody>\n");
        foreach (var variant in scenario.Variants)
        {
            HtmlReport.Append(html, $"<tr><th scope=\"row\">{Escape(variant.Name)}</th>");
            foreach (var column in columns)
            {
                HtmlReport.Append(html, $"<td class=\"number\">{Escape(column.Cell(variant))}</td>");
            }

            html.Append("</tr>\n");
        }

        html.Append("</tbody></table></div></details>\n");
    }

    private static void AppendCode(StringBuilder html, ScenarioReport scenario)
    {
        html.Append("<details><summary>The code of the variants</summary>\n");
        foreach (var variant in scenario.Variants.Where(variant => variant.Code.Length > 0))
        {
            HtmlReport.Append(html, $"<h4>{Escape(variant.Name)}</h4>\n");
            AppendParagraph(html, "soft", variant.How);
            HtmlReport.Append(html, $"<pre>{Escape(variant.Code)}</pre>\n");
        }

        html.Append("</details>\n");
    }
}
