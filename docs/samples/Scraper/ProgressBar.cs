using System.Globalization;
using AsyncKit;

namespace Scraper;

/// <summary>Draws the progress on one line, which it overwrites. If the output is redirected, it writes a line per
/// snapshot.</summary>
internal sealed class ProgressBar : IProgress<FanOutProgress>
{
    private const int Width = 40;

    public void Report(FanOutProgress value)
    {
        var done = value.Succeeded + value.Failed;
        var filled = value.Total is > 0 ? (int)(Width * done / value.Total.Value) : 0;
        var remaining = value.Remaining is { } time
            ? string.Create(CultureInfo.InvariantCulture, $", {time.TotalSeconds:F0} s left")
            : "";
        var line = string.Create(
            CultureInfo.InvariantCulture,
            $"[{new string('#', filled)}{new string('.', Width - filled)}] {done} of {value.Total}, {value.Failed} failed, "
            + $"{value.Retried} retried{remaining}");
        if (Console.IsOutputRedirected)
        {
            Console.WriteLine(line);
        }
        else
        {
            Console.Write("\r" + line.PadRight(Width * 2));
        }
    }
}
