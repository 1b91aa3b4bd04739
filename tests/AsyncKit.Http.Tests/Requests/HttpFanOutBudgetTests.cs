using System.Diagnostics;

namespace AsyncKit.Http.Tests;

/// <summary>Allocation budget of a bulk GET, above a loop with the same client. The benchmarks measure
/// throughput.</summary>
public sealed class HttpFanOutBudgetTests : IClassFixture<NothingLeftBehind>
{
    private const int Requests = 5_000;
    private const int Rounds = 6;
    private const int BudgetPerRequest = 150;

    /// <summary>In an unoptimized build, each async method allocates its state machine.</summary>
    private static readonly int DebugBytes = typeof(HttpFanOut).Assembly
        .GetCustomAttributes(typeof(DebuggableAttribute), inherit: false)
        .OfType<DebuggableAttribute>().Any(attribute => attribute.IsJITOptimizerDisabled) ? 1_500 : 0;

    private static readonly byte[] Body = new byte[100];

    public static TheoryData<string> Reads() => ["text", "bytes"];

    [Theory]
    [MemberData(nameof(Reads))]
    public async Task A_bulk_get_allocates_hardly_more_than_a_loop(string how)
    {
        using var client = new HttpClient(new Small());
        Uri[] uris = [.. Enumerable.Repeat(HandlerTest.Address, Requests)];

        var byHand = await MinBytesAsync(() => LoopAsync(client, uris, how));
        var bulk = await MinBytesAsync(() => how is "text"
            ? client.GetAllAsync(uris, 1, HttpRead.Text)
            : client.GetAllAsync(uris, 1, HttpRead.Bytes));

        Assert.InRange(bulk - byHand, -1_000, BudgetPerRequest + DebugBytes);
    }

    private static async Task LoopAsync(HttpClient client, Uri[] uris, string how)
    {
        var results = new object[uris.Length];
        for (var i = 0; i < uris.Length; i++)
        {
            using var response = await client.GetAsync(uris[i], HttpCompletionOption.ResponseHeadersRead);
            response.EnsureSuccessStatusCode();
            results[i] = how is "text"
                ? await response.Content.ReadAsStringAsync()
                : await response.Content.ReadAsByteArrayAsync();
        }
    }

    /// <summary>Returns the bytes per request: the minimum of the rounds, because the rest of the process allocates,
    /// too.</summary>
    private static async Task<double> MinBytesAsync(Func<Task> run)
    {
        var min = double.MaxValue;
        for (var round = 0; round < Rounds; round++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            await run();
            min = Math.Min(min, (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)Requests);
        }

        return min;
    }

    private sealed class Small : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage
            {
                Content = new StreamContent(new MemoryStream(Body)),
                RequestMessage = request,
            });
    }
}
