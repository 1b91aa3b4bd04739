using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using AsyncKit.Http;

namespace AsyncKit.Benchmarks;

/// <summary>Measures how fast one client fetches many small responses, and the processor time of this process for each.
/// Each round runs every variant, in a new random order. The ratios are medians of the rounds' ratios, so a disturbance
/// of a round affects all variants.</summary>
internal static class HttpThroughput
{
    private const int Requests = 4_000;
    private const int Limit = 64;
    private const int Rounds = 100;
    private const int WarmUps = 5;

    private static readonly (string Name, Func<HttpClient, Uri[], Task<string[]>> RunAsync)[] Variants =
    [
        ("64 workers by hand", WorkersAsync),
        ("SemaphoreSlim + WhenAll", SemaphoreAsync),
        ("Parallel.ForEachAsync", ForEachAsync),
        ("GetAllAsync", (client, uris) => client.GetAllAsync(uris, Limit, HttpRead.Text)),
        ("GetAllAsync, per host too", (client, uris) => client.GetAllAsync(uris, PerHost, HttpRead.Text)),
        ("GetAllAsync, own reader", (client, uris) => client.GetAllAsync(uris, Limit, ReadAsync)),
    ];

    private static HttpFanOutOptions PerHost =>
        new() { FanOut = new FanOutOptions { MaxConcurrency = Limit }, MaxConcurrencyPerHost = Limit };

    public static async Task<IEnumerable<string>> RunAsync(Uri server)
    {
        using var client = Clients.Create(server);
        await Clients.ConnectAsync(client, Limit, default);
        Uri[] uris = [.. Enumerable.Repeat(new Uri(server, $"{ServerProgram.SmallPath}/0"), Requests)];
        var random = new Random(1);
        var rounds = new List<Round[]>();
        for (var round = 0; round < WarmUps + Rounds; round++)
        {
            var order = Enumerable.Range(0, Variants.Length).ToArray();
            random.Shuffle(order);
            var measured = new Round[Variants.Length];
            foreach (var index in order)
            {
                measured[index] = await MeasureAsync(Variants[index].Name, () => Variants[index].RunAsync(client, uris));
            }

            rounds.Add(measured);
        }

        rounds.RemoveRange(0, WarmUps);
        return
        [
            "",
            "## Throughput",
            "",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{Requests:N0} GET requests with responses of 100 bytes, {Limit} at once, the same client. {Rounds} rounds, each with every"),
            "variant in a random order. The figures are medians, and a ratio is the median of the rounds' ratios to the workers.",
            "CPU is the processor time of the client's process. The own reader calls `ReadAsStringAsync`, as the other code does.",
            "",
            "| Variant | Requests per second | Throughput | CPU a request | CPU | Bytes a request |",
            "|---|---:|---:|---:|---:|---:|",
            .. Variants.Select((variant, index) => string.Create(
                CultureInfo.InvariantCulture,
                $"| {variant.Name} | {1 / Median(rounds, round => round[index].Seconds):N0} | {Median(rounds, round => round[0].Seconds / round[index].Seconds):0.00}x | {Median(rounds, round => round[index].Cpu * 1e6):0.0} us | {Median(rounds, round => round[index].Cpu / round[0].Cpu):0.00}x | {Median(rounds, round => round[index].Bytes):N0} |")),
        ];
    }

    private static double Median(List<Round[]> rounds, Func<Round[], double> valueOf) =>
        Statistics.Median(rounds.Select(valueOf));

    private static async Task<Round> MeasureAsync(string name, Func<Task<string[]>> runAsync)
    {
        Quiet.Settle();
        var bytes = GC.GetTotalAllocatedBytes(precise: true);
        var cpu = Environment.CpuUsage.TotalTime;
        var watch = Stopwatch.StartNew();
        var texts = await runAsync();
        var elapsed = watch.Elapsed;
        cpu = Environment.CpuUsage.TotalTime - cpu;
        bytes = GC.GetTotalAllocatedBytes(precise: true) - bytes;
        if (texts.Length != Requests || texts.Any(text => text.Length != texts[0].Length))
        {
            throw new InvalidOperationException($"{name} has wrong results.");
        }

        return new(elapsed.TotalSeconds / Requests, cpu.TotalSeconds / Requests, bytes / (double)Requests);
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

    private static Task<string> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken) =>
        response.Content.ReadAsStringAsync(cancellationToken);

    /// <summary>The cost of one request in one round.</summary>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Round(double Seconds, double Cpu, double Bytes);
}
