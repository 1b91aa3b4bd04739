using System.Diagnostics;
using System.Globalization;
using AsyncKit.Http;

namespace AsyncKit.Benchmarks;

/// <summary>Measures how fast one client fetches many small responses. Each round runs every variant and starts with
/// another one. The ratio is the median of the rounds' ratios, so a disturbance of a round affects all
/// variants.</summary>
internal static class HttpThroughput
{
    private const int Requests = 10_000;
    private const int Limit = 64;
    private const int Rounds = 75;

    private static readonly (string Name, Func<HttpClient, Uri[], Task<string[]>> RunAsync)[] Variants =
    [
        ("64 workers by hand", WorkersAsync),
        ("SemaphoreSlim + WhenAll", SemaphoreAsync),
        ("Parallel.ForEachAsync", ForEachAsync),
        ("GetAllAsync", (client, uris) => client.GetAllAsync(uris, Limit, HttpRead.Text)),
        ("GetAllAsync, per host too", (client, uris) => client.GetAllAsync(uris, PerHost, HttpRead.Text)),
    ];

    private static HttpFanOutOptions PerHost =>
        new() { FanOut = new FanOutOptions { MaxConcurrency = Limit }, MaxConcurrencyPerHost = Limit };

    public static async Task<IEnumerable<string>> RunAsync(Uri server)
    {
        using var client = Clients.Create(server);
        await Clients.ConnectAsync(client, Limit, default);
        Uri[] uris = [.. Enumerable.Repeat(new Uri(server, $"{ServerProgram.SmallPath}/0"), Requests)];
        var times = Variants.Select(_ => new List<double>()).ToArray();
        var bytes = Variants.Select(_ => new List<double>()).ToArray();
        for (var round = -1; round < Rounds; round++)
        {
            for (var turn = 0; turn < Variants.Length; turn++)
            {
                var index = (turn + round + 1) % Variants.Length;
                Quiet.Settle();
                var before = GC.GetTotalAllocatedBytes(precise: true);
                var watch = Stopwatch.StartNew();
                var texts = await Variants[index].RunAsync(client, uris);
                var elapsed = watch.Elapsed;
                if (texts.Length != Requests || texts.Any(text => text.Length != texts[0].Length))
                {
                    throw new InvalidOperationException($"{Variants[index].Name} has wrong results.");
                }

                if (round >= 0) // The first is the warm-up.
                {
                    times[index].Add(elapsed.TotalSeconds);
                    bytes[index].Add((GC.GetTotalAllocatedBytes(precise: true) - before) / (double)Requests);
                }
            }
        }

        return
        [
            "",
            "## Throughput",
            "",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{Requests:N0} GET requests with responses of 100 bytes, {Limit} at once, the same client; median of {Rounds} rounds."),
            "",
            "| Variant | Requests per second | Throughput against the workers | Bytes a request |",
            "|---|---:|---:|---:|",
            .. Variants.Select((variant, index) => string.Create(
                CultureInfo.InvariantCulture,
                $"| {variant.Name} | {Requests / Statistics.Median(times[index]):N0} | {Statistics.Median(times[0].Zip(times[index], (baseline, own) => baseline / own)):0.00}x | {Statistics.Median(bytes[index]):N0} |")),
        ];
    }

    private static async Task<string[]> WorkersAsync(HttpClient client, Uri[] uris)
    {
        var results = new string[uris.Length];
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Limit).Select(_ => Task.Run(WorkAsync)));
        return results;

        async Task WorkAsync()
        {
            for (var index = Interlocked.Increment(ref next); index < uris.Length; index = Interlocked.Increment(ref next))
            {
                results[index] = await GetAsync(client, uris[index], default);
            }
        }
    }

    private static async Task<string[]> SemaphoreAsync(HttpClient client, Uri[] uris)
    {
        using var semaphore = new SemaphoreSlim(Limit);
        return await Task.WhenAll(uris.Select(async uri =>
        {
            await semaphore.WaitAsync();
            try
            {
                return await GetAsync(client, uri, default);
            }
            finally
            {
                semaphore.Release();
            }
        }));
    }

    private static async Task<string[]> ForEachAsync(HttpClient client, Uri[] uris)
    {
        var results = new string[uris.Length];
        var options = new ParallelOptions { MaxDegreeOfParallelism = Limit };
        await Parallel.ForAsync(0, uris.Length, options, async (index, token) =>
            results[index] = await GetAsync(client, uris[index], token));
        return results;
    }

    private static async Task<string> GetAsync(HttpClient client, Uri uri, CancellationToken cancellationToken)
    {
        using var response = await client.GetAsync(uri, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadAsStringAsync(cancellationToken);
    }
}
