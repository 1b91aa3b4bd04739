namespace AsyncKit.RabbitMQ.Tests;

/// <summary>A server that the tests restart, kill and block. It starts while other tests run, and is gone with the
/// fixture.</summary>
[CollectionDefinition(nameof(OwnBroker))]
public sealed class OwnBroker : IAsyncLifetime, ICollectionFixture<OwnBroker>
{
    /// <summary>The largest message that the server accepts, in bytes.</summary>
    public const int MostMessageBytes = 100_000;

    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"asynckit-rabbitmq-{Guid.NewGuid():N}");
    private Task _starting = Task.CompletedTask;

    public Uri Uri { get; private set; } = null!;

    /// <summary>The address with TLS; the certificate is self-signed.</summary>
    public Uri TlsUri { get; private set; } = null!;

    public Task InitializeAsync()
    {
        if (RabbitFactAttribute.Broker is not null)
        {
            _starting = StartFirstAsync();
        }

        return Task.CompletedTask;
    }

    /// <summary>Completes when the server runs.</summary>
    public Task StartedAsync() => _starting;

    public async Task DisposeAsync()
    {
        if (RabbitFactAttribute.Broker is not null)
        {
            await _starting;
            await RunAsync("stop");
        }
    }

    public Task KillAsync() => RunAsync("kill");

    public Task TerminateAsync() => RunAsync("term");

    public Task StartAsync() => RunAsync("start");

    public Task<string> ControlAsync(params string[] arguments) => RunAsync(["ctl", .. arguments]);

    private async Task StartFirstAsync()
    {
        Uri = new Uri(await RunAsync("start"));
        var port = (await File.ReadAllTextAsync(Path.Combine(_folder, "tls"))).Trim();
        TlsUri = new Uri($"amqps://guest:guest@localhost:{port}/");
    }

    private Task<string> RunAsync(string command) => RunAsync([command]);

    private Task<string> RunAsync(string[] command) => CiScript.RunAsync(
        "rabbitmq",
        [command[0], _folder, .. command[1..]],
        ("ASYNCKIT_TLS", "1"),
        ("ASYNCKIT_CONFIG", $"max_message_size = {MostMessageBytes}"));
}
