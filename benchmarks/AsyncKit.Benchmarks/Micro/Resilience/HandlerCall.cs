using System.Net;
using AsyncKit.Http;
using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.DependencyInjection;

namespace AsyncKit.Benchmarks;

/// <summary>A GET whose first attempt succeeds, through a handler that would retry it. The server is a handler in
/// memory, so that only the handlers cost time. Time per request.</summary>
public class HandlerCall
{
    private const int Requests = 1_000;

    private static readonly Uri Address = new("http://server.test/");

    private ServiceProvider _services = null!;
    private HttpClient _plain = null!;
    private HttpClient _standard = null!;
    private HttpClient _asyncKit = null!;

    [GlobalSetup]
    public void Setup()
    {
        var services = new ServiceCollection();
        services.AddHttpClient("plain").ConfigurePrimaryHttpMessageHandler(() => new Server());
        services.AddHttpClient("standard").ConfigurePrimaryHttpMessageHandler(() => new Server()).AddStandardResilienceHandler();
        services.AddHttpClient("asynckit").ConfigurePrimaryHttpMessageHandler(() => new Server()).AddAsyncKit();
        _services = services.BuildServiceProvider();
        var factory = _services.GetRequiredService<IHttpClientFactory>();
        (_plain, _standard, _asyncKit) =
            (factory.CreateClient("plain"), factory.CreateClient("standard"), factory.CreateClient("asynckit"));
    }

    [GlobalCleanup]
    public void Cleanup() => _services.Dispose();

    [Benchmark(OperationsPerInvoke = Requests)]
    public Task<int> NoRetries() => GetAsync(_plain);

    [Benchmark(Baseline = true, OperationsPerInvoke = Requests)]
    public Task<int> StandardResilienceHandler() => GetAsync(_standard);

    [Target("request through the handler", Against = nameof(StandardResilienceHandler), TimeRatio = 1, BytesRatio = 1)]
    [Benchmark(OperationsPerInvoke = Requests)]
    public Task<int> AsyncKit() => GetAsync(_asyncKit);

    private static async Task<int> GetAsync(HttpClient client)
    {
        var sum = 0;
        for (var request = 0; request < Requests; request++)
        {
            using var response = await client.GetAsync(Address).ConfigureAwait(false);
            sum += (int)response.StatusCode;
        }

        return sum;
    }

    private sealed class Server : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { RequestMessage = request });
    }
}
