using System.Globalization;

namespace AsyncKit.Benchmarks;

/// <summary>Compares AsyncKit.Http with hand-written code and prints the figures as Markdown.</summary>
internal static class HttpCommand
{
    private const string DefaultPath = "benchmarks/results/http.md";

    /// <summary>Measures everything and writes the page. With the argument <c>throughput</c>, only prints the
    /// throughput.</summary>
    public static int Run(string[] args)
    {
        using var server = LoopbackServer.Start(new Pacing(1));
        if (args is ["throughput"])
        {
            foreach (var line in HttpThroughput.RunAsync(server.Address).GetAwaiter().GetResult())
            {
                Console.WriteLine(line);
            }

            return 0;
        }

        var machine = Machine.Current();
        List<string> lines =
        [
            "# AsyncKit.Http",
            "",
            "By `dotnet run -c Release --project benchmarks/AsyncKit.Benchmarks -- http`, against the loopback server of the",
            "comparison, which is a separate process on the same cores.",
            "",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{Units.Day(TimeProvider.System.GetUtcNow())}. {machine.Cpu}, {machine.Cores} cores, {machine.Os}, {machine.Dotnet}."),
        ];
        lines.AddRange(HttpThroughput.RunAsync(server.Address).GetAwaiter().GetResult());
        lines.AddRange(HttpMemory.RunAsync(server.Address).GetAwaiter().GetResult());
        lines.AddRange(HttpDownload.RunAsync(server.Address).GetAwaiter().GetResult());
        lines.AddRange(HttpHosts.RunAsync(server.Address).GetAwaiter().GetResult());
        var path = args is [var given, ..] ? given : DefaultPath;
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        File.WriteAllLines(path, lines);
        lines.ForEach(Console.WriteLine);
        return 0;
    }
}
