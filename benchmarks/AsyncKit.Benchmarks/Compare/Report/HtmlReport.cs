using System.Globalization;
using System.Net;
using System.Text;

namespace AsyncKit.Benchmarks;

/// <summary>Writes report.html: one page without scripts or external resources.</summary>
internal static class HtmlReport
{
    private const string Title = "AsyncKit: ways to do the same slow work";

    public static string Create(ComparisonReport report)
    {
        var html = new StringBuilder();
        html.Append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        html.Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        Append(html, $"<title>{Title}</title>\n<style>\n{HtmlStyle.Css}\n</style>\n");
        Append(html, $"</head>\n<body>\n<header><h1>{Title}</h1>\n<p>{Escape(Units.Day(report.CreatedAt))}. ");
        Append(html, $"{Escape(Wording.MachineOf(report.Machine))}.</p></header>\n");
        foreach (var warning in Wording.Warnings(report))
        {
            Append(html, $"<section class=\"warning\">{Escape(warning)}</section>\n");
        }

        foreach (var scenario in report.Scenarios)
        {
            AppendScenario(html, scenario);
        }

        AppendList(html, "What the columns mean", Column.All.Select(column => (column.Header, column.Meaning)));
        foreach (var (title, entries) in Wording.Variants(report))
        {
            AppendList(html, title, entries);
        }

        AppendList(html, "How it is measured", Wording.Method(report.Options));
        Append(html, $"<section><h3>Do it again</h3>\n<pre>{Escape(report.Options.Command())}</pre></section>\n");
        return html.Append("</body>\n</html>\n").ToString();
    }

    private static void AppendScenario(StringBuilder html, ScenarioReport scenario)
    {
        Append(html, $"<section>\n<p class=\"name\">{Escape(scenario.Name)}: {scenario.Items} ");
        Append(html, $"{Escape(scenario.Kind.Things)}, limit {scenario.Concurrency}</p>\n");
        Append(html, $"<h2>{Escape(scenario.Headline())}</h2>\n<p class=\"soft\">{Escape(scenario.Kind.Work)}</p>\n");
        AppendTiles(html, scenario);
        Append(html, $"<div class=\"charts\">\n{TimeChart(scenario)}{PoolChart(scenario)}</div>\n");
        AppendTable(html, scenario);
        html.Append("</section>\n");
    }

    private static void AppendTiles(StringBuilder html, ScenarioReport scenario)
    {
        if (scenario.Hero is { Speedup: { } speedup, PoolLatencyMs: { } pool } kit)
        {
            Append(html, $"<div class=\"tiles\">\n<p><b>{Escape(Units.Roughly(speedup))}</b>as fast as one by one: ");
            Append(html, $"{Escape(Units.Seconds(kit.MedianSeconds))} instead of ");
            Append(html, $"{Escape(Units.Seconds(scenario.Find(Variant.Sequential)?.MedianSeconds))}</p>\n");
            Append(html, $"<p><b>{Escape(Units.Milliseconds(pool.P99))}</b>pool latency p99: how long other work ");
            var blocked = scenario.Find(Variant.ThreadPool)?.PoolLatencyMs?.P99;
            var contrast = blocked is null ? "" : $"; {Units.Milliseconds(blocked)} with Task.Run";
            Append(html, $"waits meanwhile{Escape(contrast)}</p>\n</div>\n");
        }
    }

    private static string TimeChart(ScenarioReport scenario)
    {
        var chart = new HtmlChart("Time", "Wall time and speed-up over one by one. Shorter is better.");
        foreach (var variant in scenario.Variants)
        {
            var label = variant.Verified
                ? $"{Units.Seconds(variant.MedianSeconds)} \u00b7 {Units.Times(variant.Speedup)}"
                : "failed";
            chart.Add(variant.Title, label, variant.MedianSeconds ?? 0, 0, Style(variant));
        }

        return chart.Create();
    }

    private static string PoolChart(ScenarioReport scenario)
    {
        var chart = new HtmlChart(
            "Pool latency", "The wait of other work: p99, paler to the maximum. Shorter is better.");
        foreach (var variant in scenario.Variants)
        {
            var pool = variant.PoolLatencyMs;
            var label = variant.Verified ? Units.Milliseconds(pool?.P99) : "failed";
            chart.Add(variant.Title, label, pool?.P99 ?? 0, pool?.Max ?? 0, Style(variant));
        }

        return chart.Create();
    }

    private static void AppendTable(StringBuilder html, ScenarioReport scenario)
    {
        html.Append("<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr><th>Variant</th>");
        foreach (var column in Column.All)
        {
            Append(html, $"<th>{Escape(column.Header)}</th>");
        }

        html.Append("</tr></thead>\n<tbody>\n");
        foreach (var variant in scenario.Variants)
        {
            Append(html, $"<tr class=\"{Style(variant)}\"><td>{Escape(variant.Name)}</td>");
            foreach (var column in Column.All)
            {
                Append(html, $"<td>{Escape(column.Cell(variant))}</td>");
            }

            html.Append("</tr>\n");
        }

        html.Append("</tbody></table></div>\n");
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

    private static string Style(VariantReport variant) =>
        !variant.Verified ? "bad" : variant.IsKit ? "kit" : "other";

    private static void Append(StringBuilder html, FormattableString text) =>
        html.Append(text.ToString(CultureInfo.InvariantCulture));

    private static string Escape(string text) => WebUtility.HtmlEncode(text);
}
