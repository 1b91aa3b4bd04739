using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace AsyncKit.RabbitMQ.Tests;

/// <summary>Remotes and workers of a real host.</summary>
public sealed class HostTests : RabbitTests, IClassFixture<NothingLeftBehind>
{
    private static readonly RabbitServeOptions Two = new(2);

    [RabbitFact]
    public async Task A_worker_has_a_scope_per_item_and_drains_when_the_host_stops()
    {
        var gate = new TestGate();
        await using var host = new OneHost(services => services
            .AddScoped<Unique>()
            .AddRabbitRemote(Broker!, Quick)
            .AddRemoteWorker(Name, Two, Json.Default.Int32, Json.Default.Int32, async (provider, item, _) =>
            {
                await gate.PassAsync(CancellationToken.None);
                return provider.GetRequiredService<Unique>().Next() + item;
            }));
        await host.StartAsync();
        var call = await OperationAsync();
        var run = new[] { 10, 20 }.FanOutAsync(2, call);
        await gate.ArrivedAsync(2);

        var stop = host.StopAsync();
        await Hang.UntilAsync(() => host.Stopping.IsCancellationRequested);
        Assert.False(stop.IsCompleted);
        gate.Open();
        await stop.OrHangs();

        int[] expected = [11, 21]; // Each scope has a new counter.
        Assert.Equal(expected, await run.OrHangs());
        Assert.Equal(0, Counts.Of("redelivered"));
    }

    [RabbitFact]
    public async Task The_remote_of_a_host_calls_workers_and_ends_with_the_container()
    {
        await ServeAsync(1, (item, _) => new(item * 2));
        RabbitRemote remote;
        await using (var host = new OneHost(services => services.AddRabbitRemote(_ => Broker!)))
        {
            await host.StartAsync();
            remote = host.Services.GetRequiredService<RabbitRemote>();
            Assert.Equal(4, await remote.Operation(Name, Json.Default.Int32, Json.Default.Int32)(2, default).AsTask().OrHangs());
            await host.StopAsync().OrHangs();
        }

        await Assert.ThrowsAsync<ObjectDisposedException>(() =>
            remote.Operation(Name, Json.Default.Int32, Json.Default.Int32)(2, default).AsTask());
    }

    [RabbitFact]
    public async Task The_checks_follow_the_connection_and_the_worker()
    {
        var proxy = NewProxy();
        var gate = new TestGate();
        await using var host = new OneHost(services =>
        {
            services.AddRabbitRemote(proxy.Uri, Quick);
            services.AddRemoteWorker(Name, Two, Json.Default.Int32, Json.Default.Int32, async (_, item, _) =>
            {
                await gate.PassAsync(CancellationToken.None);
                return item;
            });
            services.AddHealthChecks().AddRabbitRemote().AddRemoteWorker(Name);
        });
        await host.CheckAsync(HealthStatus.Unhealthy, HealthStatus.Unhealthy);
        await host.StartAsync();
        await host.CheckAsync(HealthStatus.Healthy, HealthStatus.Healthy);

        proxy.IsRefusing = true;
        proxy.Drop();
        await host.UntilAsync(HealthStatus.Unhealthy, HealthStatus.Unhealthy);
        proxy.IsRefusing = false;
        await host.UntilAsync(HealthStatus.Healthy, HealthStatus.Healthy);

        var result = (await OperationAsync())(1, default).AsTask();
        await gate.ArrivedAsync(1);
        var stop = host.StopAsync();
        await host.UntilAsync(HealthStatus.Healthy, HealthStatus.Degraded);
        gate.Open();
        await stop.OrHangs();
        await host.CheckAsync(HealthStatus.Healthy, HealthStatus.Unhealthy);
        Assert.Equal(1, await result.OrHangs());
    }

    [RabbitFact]
    public async Task A_worker_that_fails_stops_the_host()
    {
        await Raw.Channel.QueueDeclareAsync(Queue, durable: false, exclusive: false, autoDelete: false);
        await using var host = new OneHost(services => services
            .AddRabbitRemote(Broker!)
            .AddRemoteWorker(Name, Two, Json.Default.Int32, Json.Default.Int32, (_, item, _) => new ValueTask<int>(item)));
        await host.StartAsync();

        await Hang.UntilAsync(() => host.Stopping.IsCancellationRequested);
    }

    [Fact]
    public async Task A_host_does_not_start_without_its_broker()
    {
        await using var host = new OneHost(services => services.AddRabbitRemote(new Uri("amqp://127.0.0.1:1/")));
        Assert.Throws<InvalidOperationException>(() => host.Services.GetRequiredService<RabbitRemote>());
        await Assert.ThrowsAsync<IOException>(() => host.StartAsync().OrHangs());
    }

    [Fact]
    public void A_name_has_one_worker()
    {
        var services = new ServiceCollection();
        Add();
        var failure = Assert.Throws<ArgumentException>(Add);
        Assert.Contains("\"twice\"", failure.Message, StringComparison.Ordinal);

        void Add() => services.AddRemoteWorker(
            "twice", Two, Json.Default.Int32, Json.Default.Int32, (_, item, _) => Task.FromResult(item));
    }

    private sealed class Unique
    {
        private int _last;

        public int Next() => ++_last;
    }

    private sealed class OneHost : IAsyncDisposable
    {
        private readonly IHost _host;

        public OneHost(Action<IServiceCollection> configure)
        {
            var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
            configure(builder.Services);
            _host = builder.Build();
        }

        public IServiceProvider Services => _host.Services;

        public CancellationToken Stopping => Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;

        public Task StartAsync() => _host.StartAsync().OrHangs();

        public Task StopAsync() => _host.StopAsync();

        public async Task CheckAsync(HealthStatus connection, HealthStatus worker) =>
            Assert.Equal((connection, worker), await StateAsync());

        public async Task UntilAsync(HealthStatus connection, HealthStatus worker)
        {
            var start = TimeProvider.System.GetTimestamp();
            while (await StateAsync() != (connection, worker))
            {
                Assert.True(TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(30), "The state was not reached.");
            }
        }

        public async ValueTask DisposeAsync() => await ((IAsyncDisposable)_host).DisposeAsync();

        private async Task<(HealthStatus Connection, HealthStatus Worker)> StateAsync()
        {
            var report = await Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();
            return (report.Entries["rabbitmq"].Status, report.Entries.Single(entry => entry.Key.StartsWith("worker:", StringComparison.Ordinal)).Value.Status);
        }
    }
}
