using System.Globalization;
using AsyncKit.Http;

namespace AsyncKit.Benchmarks;

/// <summary>Measures the live memory while many responses are streamed.</summary>
internal static class HttpMemory
{
    private const int Limit = 64;

    private static readonly int[] Counts = [1_000, 10_000, 50_000, 100_000];

    public static async Task<IEnumerable<string>> RunAsync(Uri server)
    {
        using var client = Clients.Create(server);
        await Clients.ConnectAsync(client, Limit, default);
        var uri = new Uri(server, $"{ServerProgram.SmallPath}/0");
        await foreach (var _ in client.GetAllStream(Enumerable.Repeat(uri, Counts[0]), Limit, HttpRead.Text))
        {
        }

        var before = GC.GetTotalMemory(forceFullCollection: true);
        List<string> rows = [];
        var seen = 0;
        await foreach (var _ in client.GetAllStream(Enumerable.Repeat(uri, Counts[^1]), Limit, HttpRead.Text))
        {
            if (Counts.Contains(++seen))
            {
                var live = GC.GetTotalMemory(forceFullCollection: true) - before;
                rows.Add(string.Create(CultureInfo.InvariantCulture, $"| {seen:N0} | {live / 1024:N0} KiB |"));
            }
        }

        return
        [
            "",
            "## Memory",
            "",
            $"One `GetAllStream`, {Limit} at once: what is alive after so many responses, above what was alive before.",
            "",
            "| Responses read | Alive |",
            "|---:|---:|",
            .. rows,
        ];
    }
}
