using System.Globalization;
using System.Net;
using System.Text;

namespace AsyncKit.Comparison;

/// <summary>Writes report.html: one page without scripts or external resources.</summary>
internal static class HtmlReport
{
    public static string Create(ComparisonReport report)
    {
        var html = new StringBuilder();
        html.Append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        html.Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        Append(html, $"<title>{Escape(report.Title)}</title>\n<style>\n{HtmlStyle.Css}\n</style>\n");
        Append(html, $"</head>\n<body>\n<header><h1>{Escape(report.Title)}</h1>\n");
        Append(html, $"<p>{Escape(Units.Day(report.CreatedAt))}. {Escape(report.Machine.Summary())}.</p></header>\n");
        foreach (var warning in report.Warnings())
        {
            Append(html, $"<section class=\"warning\">{Escape(warning)}</section>\n");
        }

        AppendOverview(html, report);
        foreach (var scenario in report.Scenarios)
        {
            HtmlScenario.Append(html, scenario);
        }

        AppendList(html, "What the columns mean", Column.All(report).Select(column => (column.Header, column.Meaning)));
        AppendList(html, "How it is measured", Method.Of(report));
        Append(html, $"<section><h3>Repeat the run</h3>\n<pre>{Escape(report.Options.Command)}</pre></section>\n");
        return html.Append("</body>\n</html>\n").ToString();
    }

    public static void Append(StringBuilder html, FormattableString text) =>
        html.Append(text.ToString(CultureInfo.InvariantCulture));

    public static string Escape(string text) => WebUtility.HtmlEncode(text);

    private static void AppendOverview(StringBuilder html, ComparisonReport report)
    {
        html.Append("<section class=\"overview\"><table>\n<thead><tr><th>Scenario</th><th>Baseline</th><th>Chosen variant</th>");
        html.Append("<th>Answer</th><th>Faster, and its price</th></tr></thead>\n<tbody>\n");
        foreach (var scenario in report.Scenarios)
        {
            var baseline = scenario.IsRanked ? Units.Seconds(scenario.Baseline?.MedianSeconds) : "-";
            var hero = scenario.IsRanked ? Units.Seconds(scenario.Hero?.MedianSeconds) : "-";
            var speedup = scenario is { IsRanked: true, Hero.Speedup: { } times } ? Units.Roughly(times) : "";
            Append(html, $"<tr><th scope=\"row\"><a href=\"#{Escape(scenario.Name)}\">{Escape(scenario.Name)}</a></th>");
            Append(html, $"<td data-label=\"Baseline\" class=\"number\">{Escape(baseline)}</td>");
            Append(html, $"<td data-label=\"Chosen variant\" class=\"number\">{Escape(hero)} <b>{Escape(speedup)}</b>");
            Append(html, $" <small>{Escape(scenario.IsRanked ? scenario.Hero?.Name ?? "" : "")}</small>");
            Append(html, $" <small>{Escape(Answers.Price(scenario))}</small></td>");
            Append(html, $"<td>{Escape(scenario.Answer)}</td>");
            Append(html, $"<td class=\"soft\" data-label=\"Faster:\">{Escape(Answers.Fastest(scenario))}</td></tr>\n");
        }

        html.Append("</tbody></table></section>\n");
    }

    private static void AppendList(StringBuilder html, string title, IEnumerable<(string Term, string Meaning)> entries)
    {
        Append(html, $"<section><h3>{Escape(title)}</h3>\n<dl>\n");
        foreach (var (term, meaning) in entries)
        {
            Append(html, $"<dt>{Escape(term)}</dt><dd>{Escape(meaning)}</dd>\n");
        }

        html.Append("</dl></section>\n");
    }
}
