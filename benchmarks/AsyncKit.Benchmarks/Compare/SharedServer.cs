using System.Globalization;

namespace AsyncKit.Benchmarks;

/// <summary>The server of all scenarios. The first scenario that needs it starts it; disposing it stops it.</summary>
internal sealed class SharedServer : IDisposable
{
    private LoopbackServer? _server;
    private HttpClient? _control;

    public Uri Address => _server!.Address;

    public Task StartAsync(ComparisonSettings settings)
    {
        _server ??= LoopbackServer.Start(new Pacing((int)settings.Latency.TotalMilliseconds));
        _control ??= Clients.Create(_server.Address);
        return Task.CompletedTask;
    }

    /// <summary>Returns the most requests that the server had at the same time since the last call.</summary>
    public int TakePeakLoad()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, ServerProgram.PeakPath);
        using var response = _control!.Send(request);
        using var reader = new StreamReader(response.Content.ReadAsStream());
        return int.Parse(reader.ReadToEnd(), CultureInfo.InvariantCulture);
    }

    public void Dispose()
    {
        _control?.Dispose();
        _server?.Dispose();
    }
}
