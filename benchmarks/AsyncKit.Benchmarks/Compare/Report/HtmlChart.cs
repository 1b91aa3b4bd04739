using System.Globalization;
using System.Net;
using System.Text;

namespace AsyncKit.Benchmarks;

/// <summary>A horizontal bar chart as inline SVG: bars in percent and texts in pixels fit any width.</summary>
internal sealed class HtmlChart(string title, string note)
{
    private const int RowHeight = 42;
    private const int TextBaseline = 15;
    private const int BarTop = 22;
    private const int BarHeight = 10;

    private readonly List<(string Name, string Label, double Value, double Faint, string Style)> _rows = [];

    /// <param name="name">The text on the left, above the bar.</param>
    /// <param name="label">The text on the right, above the bar.</param>
    /// <param name="value">The length of the bar.</param>
    /// <param name="faint">The end of its paler continuation; 0 for none.</param>
    /// <param name="style">A class of the style sheet.</param>
    public void Add(string name, string label, double value, double faint, string style) =>
        _rows.Add((name, label, value, faint, style));

    public string Create()
    {
        var longest = Math.Max(double.Epsilon, _rows.Max(row => Math.Max(row.Value, row.Faint)));
        var svg = new StringBuilder();
        Append(svg, $"<figure><figcaption><b>{Escape(title)}</b> {Escape(note)}</figcaption>\n");
        Append(svg, $"<svg role=\"img\" aria-label=\"{Escape(title)}\" width=\"100%\" ");
        Append(svg, $"height=\"{_rows.Count * RowHeight}\">\n");
        for (var index = 0; index < _rows.Count; index++)
        {
            var row = _rows[index];
            var top = index * RowHeight;
            Append(svg, $"<g class=\"{row.Style}\"><text x=\"0\" y=\"{top + TextBaseline}\">{Escape(row.Name)}</text>");
            Append(svg, $"<text class=\"value\" x=\"100%\" y=\"{top + TextBaseline}\">{Escape(row.Label)}</text>");
            AppendBar(svg, "track", top, 100);
            AppendBar(svg, "faint", top, 100 * row.Faint / longest);
            AppendBar(svg, "bar", top, 100 * row.Value / longest);
            svg.Append("</g>\n");
        }

        return svg.Append("</svg></figure>\n").ToString();
    }

    private static void AppendBar(StringBuilder svg, string style, int top, double percent)
    {
        if (percent > 0)
        {
            var width = Math.Max(percent, 0.7);
            Append(svg, $"<rect class=\"{style}\" y=\"{top + BarTop}\" ");
            Append(svg, $"width=\"{width:0.##}%\" height=\"{BarHeight}\" rx=\"2\"/>");
        }
    }

    private static void Append(StringBuilder svg, FormattableString text) =>
        svg.Append(text.ToString(CultureInfo.InvariantCulture));

    private static string Escape(string text) => WebUtility.HtmlEncode(text);
}
