using System.Diagnostics.Metrics;
using System.Threading.Channels;

namespace AsyncKit.Hosting.Tests;

/// <summary>The instruments of consumers, seen by a listener of one container's meter factory.</summary>
public sealed class ConsumerMetricsTests : IClassFixture<NothingLeftBehind>
{
    private static readonly FanOutConsumerOptions Restarting = new(maxConcurrency: 2) { WhenSourceFails = WhenSourceFails.Restart };

    private readonly Channel<int> _items = Channel.CreateUnbounded<int>();

    [Fact]
    public async Task A_listener_of_a_meter_factory_sees_only_the_consumers_of_its_host()
    {
        await using var host = await StartAsync((item, _) => item == 2 ? Task.FromException(new IOException()) : Task.CompletedTask);
        await using var other = await TestHost.StartAsync(services => services.AddFanOutConsumer<int>(
            "c", _ => new[] { 1, 2, 3 }.ToAsyncEnumerable(), Restarting, (_, _, _) => Task.CompletedTask));
        Array.ForEach([1, 2, 3], item => _items.Writer.TryWrite(item));
        _items.Writer.Complete(new IOException("broken"));
        await Hang.UntilAsync(() => host.Consumer("c").State == FanOutConsumerState.Restarting);
        await Hang.UntilAsync(() => other.Consumer("c").State == FanOutConsumerState.Completed);

        Assert.Equal(
            [
                "asynckit.consumer.active c: 0", "asynckit.consumer.items c cancelled: 0", "asynckit.consumer.items c failed: 1",
                "asynckit.consumer.items c succeeded: 2", "asynckit.consumer.restarts c: 1",
            ],
            Collect(host),
            StringComparer.Ordinal);
        Assert.Contains("asynckit.consumer.items c succeeded: 3", Collect(other), StringComparer.Ordinal);
        await host.StopAsync();
    }

    [Fact]
    public async Task Handlers_in_progress_and_several_consumers_are_measured()
    {
        var gate = new TestGate();
        await using var host = await TestHost.StartAsync(services => services
            .AddFanOutConsumer<int>("a", _ => _items.Reader.ReadAllAsync(), Restarting, (_, _, token) => gate.PassAsync(token))
            .AddFanOutConsumer<int>("b", _ => AsyncEnumerable.Empty<int>(), Restarting, (_, _, _) => Task.CompletedTask));
        _items.Writer.TryWrite(1);
        await gate.ArrivedAsync(1);

        var lines = Collect(host).ToList();

        Assert.Contains("asynckit.consumer.active a: 1", lines, StringComparer.Ordinal);
        Assert.Contains("asynckit.consumer.active b: 0", lines, StringComparer.Ordinal);
        gate.Open();
        await host.StopAsync().OrHangs();
    }

    [Fact]
    public async Task The_instruments_end_with_the_container()
    {
        var ended = 0;
        using var listener = new MeterListener { MeasurementsCompleted = (_, _) => ended++ };
        await using (var host = await StartAsync((_, _) => Task.CompletedTask))
        {
            Listen(listener, host);
            await host.StopAsync();
            Assert.Equal(0, ended);
        }

        Assert.Equal(3, ended);
    }

    [Fact]
    public async Task A_container_without_metrics_measures_nothing()
    {
        var services = new ServiceCollection().AddFanOutConsumer<int>(
            "c", _ => _items.Reader.ReadAllAsync(), Restarting, (_, _, _) => Task.CompletedTask);
        await using var provider = services.BuildServiceProvider();

        Assert.Equal(FanOutConsumerState.NotStarted, provider.GetRequiredKeyedService<FanOutConsumer>("c").State);
        Assert.Null(provider.GetService<IMeterFactory>());
    }

    private static IEnumerable<string> Collect(TestHost host)
    {
        var lines = new List<string>();
        using var listener = new MeterListener();
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
            lines.Add($"{instrument.Name} {string.Join(' ', tags.ToArray().Select(tag => tag.Value))}: {value}"));
        Listen(listener, host);
        listener.RecordObservableInstruments();
        return lines.Order(StringComparer.Ordinal);
    }

    private static void Listen(MeterListener listener, TestHost host)
    {
        var factory = host.Services.GetRequiredService<IMeterFactory>();
        listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, factory)
                && string.Equals(instrument.Meter.Name, AsyncKitDiagnostics.MeterName, StringComparison.Ordinal))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        listener.Start();
    }

    private Task<TestHost> StartAsync(Func<int, CancellationToken, Task> handler) =>
        TestHost.StartAsync(services => services.AddFanOutConsumer<int>(
            "c", _ => _items.Reader.ReadAllAsync(), Restarting, (_, item, token) => handler(item, token)));
}
