using Microsoft.Extensions.Configuration;

namespace AsyncKit.Hosting.Tests;

/// <summary>A real host with virtual time and recorded logs. Cancelling the token of a stop is its shutdown timeout.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    private readonly IHost _host;

    private TestHost(IHost host, VirtualTime time, LogLines log) => (_host, Time, Log) = (host, time, log);

    public VirtualTime Time { get; }

    public LogLines Log { get; }

    public IServiceProvider Services => _host.Services;

    public CancellationToken Stopping => _host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;

    public static TestHost Create(Action<IServiceCollection> configure, TimeProvider? clock = null)
    {
        var (time, log) = (new VirtualTime(), new LogLines());
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.AddProvider(log);
        builder.Services.AddSingleton(clock ?? time);
        configure(builder.Services);
        return new TestHost(builder.Build(), time, log);
    }

    public static async Task<TestHost> StartAsync(Action<IServiceCollection> configure, TimeProvider? clock = null)
    {
        var host = Create(configure, clock);
        await host.StartAsync();
        return host;
    }

    /// <summary>Returns the section X of a configuration with these values, whose keys are below X.</summary>
    public static IConfigurationSection Section(params (string Key, string? Value)[] values) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(values.Select(one => KeyValuePair.Create($"X:{one.Key}", one.Value)))
            .Build()
            .GetSection("X");

    public FanOutConsumer Consumer(string name) => Services.GetRequiredKeyedService<FanOutConsumer>(name);

    public Task StartAsync() => _host.StartAsync().OrHangs();

    public Task StopAsync(CancellationToken shutdownTimeout = default) => _host.StopAsync(shutdownTimeout);

    public IEnumerable<string> Errors() =>
        Log.All.Where(line => line.Level == LogLevel.Error).Select(line => line.Text);

    public async ValueTask DisposeAsync() => await ((IAsyncDisposable)_host).DisposeAsync();
}
