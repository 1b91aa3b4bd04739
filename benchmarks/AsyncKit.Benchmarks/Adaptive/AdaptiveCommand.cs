using System.Globalization;

namespace AsyncKit.Benchmarks;

/// <summary>
/// Shows how an adaptive gate finds its limit against a server that handles 40 requests at once, and later 20. Prints
/// figures and a plot as Markdown, the same on every machine.
/// </summary>
internal static class AdaptiveCommand
{
    private const int Settling = 1_000;
    private const int Steady = 3_000;
    private const int Step = 100;
    private const string DefaultPath = "benchmarks/results/adaptive.md";

    public static int Run(string[] args)
    {
        List<string> lines =
        [
            "# The adaptive gate",
            "",
            "By `dotnet run -c Release --project benchmarks/AsyncKit.Benchmarks -- adaptive`, on virtual time, so the figures are",
            "the same on every machine. A server handles 40 requests at once, each in 80 to 120 ms, and turns away the rest; after",
            "4,000 requests it handles 20. Callers always have another request, and share one `ConcurrencyGate` with",
            "`new AdaptiveLimit(1, 200)`. The first 1,000 requests after the start and after the change are for settling.",
            "",
            "| Start | Turned away after | Server | Limit | Throughput | Turned away |",
            "|---:|---:|---:|---:|---:|---:|",
        ];
        List<string> plots = [];
        foreach (var (start, refusedAfter) in (ReadOnlySpan<(int, int)>)[(1, 10), (200, 10), (1, 100), (200, 100)])
        {
            var server = new AdaptiveServer(start, TimeSpan.FromMilliseconds(refusedAfter));
            foreach (var capacity in (ReadOnlySpan<int>)[40, 20])
            {
                server.Capacity = capacity;
                _ = server.Run(Settling);
                var figures = server.Run(Steady);
                lines.Add(string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {start} | {refusedAfter} ms | {capacity} | {figures.Lowest} to {figures.Highest} | {figures.Throughput:0.0 %} of the best | {figures.Throttled:0.0 %} |"));
            }

            plots.AddRange(Plot(start, refusedAfter, server.Limits));
        }

        lines.AddRange(plots);
        var path = args is [var given, ..] ? given : DefaultPath;
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        File.WriteAllLines(path, lines);
        lines.ForEach(Console.WriteLine);
        return 0;
    }

    /// <summary>Plots the limit, one line per fixed number of requests.</summary>
    private static IEnumerable<string> Plot(int start, int refusedAfter, List<int> limits)
    {
        yield return "";
        yield return $"## The limit from {start}, turned away after {refusedAfter} ms";
        yield return "";
        yield return $"From the lowest to the highest limit in each {Step} requests; `|` is what the server handles.";
        yield return "";
        yield return "```text";
        for (var first = 0; first + Step <= limits.Count; first += Step)
        {
            var range = limits.GetRange(first, Step);
            var capacity = first < Settling + Steady ? 40 : 20;
            yield return string.Create(
                CultureInfo.InvariantCulture, $"{first,5} {Bar(range.Min(), range.Max(), capacity)} {range.Min()} to {range.Max()}");
        }

        yield return "```";
    }

    private static string Bar(int lowest, int highest, int capacity)
    {
        const int Width = 70;
        return string.Concat(Enumerable.Range(1, Width).Select(column =>
            column == capacity ? '|' : column >= lowest && column <= highest ? '#' : '.'));
    }
}
