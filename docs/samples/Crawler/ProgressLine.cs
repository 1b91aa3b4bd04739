using System.Globalization;
using AsyncKit;

namespace Crawler;

/// <summary>Writes a line per snapshot. The total is unknown, because pages lead to more pages.</summary>
internal sealed class ProgressLine : IProgress<FanOutProgress>
{
    public void Report(FanOutProgress value) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{value.Succeeded} read, {value.Failed} failed, {value.Retried} retried, {value.InFlight} in flight"));
}
