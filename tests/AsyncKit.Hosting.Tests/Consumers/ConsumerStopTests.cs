using System.Threading.Channels;
using Moq;

namespace AsyncKit.Hosting.Tests;

/// <summary>Consumers of a host that stops: drain, abort, abandon.</summary>
public sealed class ConsumerStopTests : IClassFixture<NothingLeftBehind>
{
    private readonly Channel<int> _items = Channel.CreateUnbounded<int>();

    [Fact]
    public async Task A_stop_handles_what_was_taken_and_leaves_the_rest_in_the_source()
    {
        var gate = new TestGate();
        var cancelled = 0;
        await using var host = await StartAsync(new(maxConcurrency: 2), async (_, token) =>
        {
            await gate.PassAsync(CancellationToken.None);
            cancelled += token.IsCancellationRequested ? 1 : 0;
        });
        Write(10);
        await gate.ArrivedAsync(2);

        var stop = host.StopAsync();
        await Hang.UntilAsync(() => host.Consumer("c").State == FanOutConsumerState.Draining);
        Assert.False(stop.IsCompleted);
        gate.Open();
        await stop.OrHangs();

        var consumer = host.Consumer("c");
        Assert.Equal((2, 0, FanOutConsumerState.Stopped), (consumer.Succeeded, consumer.Cancelled, consumer.State));
        Assert.Equal(8, _items.Reader.Count);
        Assert.Equal(0, cancelled);
        Assert.Empty(host.Errors());
    }

    [Fact]
    public async Task A_stop_of_an_idle_consumer_ends_at_once()
    {
        await using var host = await StartAsync(new(maxConcurrency: 2), (_, _) => Task.CompletedTask);
        await Hang.UntilAsync(() => host.Consumer("c").State == FanOutConsumerState.Running);

        await host.StopAsync().OrHangs();

        Assert.Equal(FanOutConsumerState.Stopped, host.Consumer("c").State);
    }

    [Fact]
    public async Task After_the_shutdown_timeout_the_handlers_are_cancelled_and_the_loss_is_logged()
    {
        var gate = new TestGate();
        using var timeout = new CancellationTokenSource();
        await using var host = await StartAsync(new(maxConcurrency: 2), (_, token) => gate.PassAsync(token));
        Write(5);
        await gate.ArrivedAsync(2);

        var stop = host.StopAsync(timeout.Token);
        await Hang.UntilAsync(() => host.Consumer("c").State == FanOutConsumerState.Draining);
        await timeout.CancelAsync();
        await EndAsync(stop);

        var consumer = host.Consumer("c");
        Assert.Equal((0, 2, FanOutConsumerState.Stopped), (consumer.Succeeded, consumer.Cancelled, consumer.State));
        Assert.Equal(
            [
                "The consumer c did not drain within the shutdown timeout; cancelling 2 handlers.",
                "The consumer c lost 2 items that it took from its source.",
            ],
            host.Errors(),
            StringComparer.Ordinal);
        Assert.Equal(3, _items.Reader.Count);
    }

    [Fact]
    public async Task Handlers_that_ignore_their_token_are_abandoned_after_the_abort_timeout()
    {
        var gate = new TestGate();
        using var timeout = new CancellationTokenSource();
        await using var host = await StartAsync(
            new(maxConcurrency: 2) { AbortTimeout = TimeSpan.FromSeconds(4) }, (_, _) => gate.PassAsync(CancellationToken.None));
        Write(1);
        await gate.ArrivedAsync(1);

        var stop = host.StopAsync(timeout.Token);
        await Hang.UntilAsync(() => host.Consumer("c").State == FanOutConsumerState.Draining);
        await timeout.CancelAsync();
        await Hang.UntilAsync(() => host.Time.PendingTimers == 1);
        host.Time.Advance(TimeSpan.FromSeconds(4) - TimeSpan.FromTicks(1));
        Assert.False(stop.IsCompleted);
        host.Time.Advance(TimeSpan.FromTicks(1));
        await EndAsync(stop);

        Assert.Contains("The consumer c did not stop within 4 s of the abort; abandoning 1 handlers.", host.Errors(), StringComparer.Ordinal);
        gate.Open();
        await Hang.UntilAsync(() => host.Consumer("c").State == FanOutConsumerState.Stopped);
    }

    [Fact]
    public async Task A_stop_before_the_start_does_nothing()
    {
        var sources = 0;
        await using var host = TestHost.Create(services => services.AddFanOutConsumer<int>(
            "c",
            _ =>
            {
                sources++;
                return _items.Reader.ReadAllAsync();
            },
            new FanOutConsumerOptions(1),
            (_, _, _) => Task.CompletedTask));
        Assert.Equal(FanOutConsumerState.NotStarted, host.Consumer("c").State);

        await host.Services.GetServices<IHostedService>().Last().StopAsync(CancellationToken.None);

        Assert.Equal((FanOutConsumerState.NotStarted, 0), (host.Consumer("c").State, sources));
    }

    [Fact]
    public async Task A_stop_that_may_be_faster_than_the_thread_pool_stops_the_consumer()
    {
        for (var run = 0; run < 200; run++)
        {
            await using var host = TestHost.Create(services => services.AddFanOutConsumer<int>(
                "c", _ => _items.Reader.ReadAllAsync(), new FanOutConsumerOptions(1), (_, _, _) => Task.CompletedTask));
            var service = host.Services.GetServices<IHostedService>().Last();

            await service.StartAsync(CancellationToken.None);
            await service.StopAsync(CancellationToken.None).OrHangs();

            Assert.Equal(FanOutConsumerState.Stopped, host.Consumer("c").State);
        }
    }

    /// <summary>As SIGTERM does during a slow start. The service that was added later empties the channel when it stops, so
    /// the consumer must run until its turn.</summary>
    [Fact]
    public async Task A_host_that_stops_while_it_starts_stops_the_consumer_in_its_turn()
    {
        var starting = new TestGate();
        var emptying = new Mock<IHostedService>();
        emptying.Setup(service => service.StartAsync(It.IsAny<CancellationToken>()))
            .Returns(() => starting.PassAsync(CancellationToken.None));
        emptying.Setup(service => service.StopAsync(It.IsAny<CancellationToken>())).Returns(async () =>
        {
            _items.Writer.Complete();
            await _items.Reader.Completion.OrHangs();
        });
        await using var host = TestHost.Create(services => services
            .AddFanOutConsumer<int>("c", _ => _items.Reader.ReadAllAsync(), new FanOutConsumerOptions(1), (_, _, _) => Task.CompletedTask)
            .AddSingleton(emptying.Object));
        var start = host.StartAsync();
        await starting.ArrivedAsync(1);
        host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        Write(100);
        starting.Open();
        await start;

        await host.StopAsync().OrHangs();

        Assert.Equal((100, 0), (host.Consumer("c").Succeeded, host.Consumer("c").Cancelled));
    }

    /// <summary>The host stops it after the shutdown timeout and the abort timeout.</summary>
    [Fact]
    public async Task A_source_that_ignores_its_token_is_abandoned_after_the_abort_timeout()
    {
        var source = new TestGate();
        using var timeout = new CancellationTokenSource();
        await using var host = await TestHost.StartAsync(services => services.AddFanOutConsumer<int>(
            "c", _ => DeafAsync(), new FanOutConsumerOptions(2), (_, _, _) => Task.CompletedTask));
        await source.ArrivedAsync(1);

        var stop = host.StopAsync(timeout.Token);
        await Hang.UntilAsync(() => host.Consumer("c").State == FanOutConsumerState.Draining);
        await timeout.CancelAsync();
        await Hang.UntilAsync(() => host.Time.PendingTimers == 1);
        host.Time.Advance(TimeSpan.FromSeconds(3));
        await EndAsync(stop);

        Assert.Contains("The consumer c did not stop within 3 s of the abort; abandoning 0 handlers.", host.Errors(), StringComparer.Ordinal);
        source.Open();
        await Hang.UntilAsync(() => host.Consumer("c").State == FanOutConsumerState.Stopped);

        async IAsyncEnumerable<int> DeafAsync()
        {
            await source.PassAsync(CancellationToken.None);
            yield break;
        }
    }

    [Fact]
    public async Task A_stop_right_after_the_start_takes_nothing_or_handles_it()
    {
        for (var run = 0; run < 200; run++)
        {
            var (taken, handled) = (0, 0);
            await using var host = await TestHost.StartAsync(services => services.AddFanOutConsumer<int>(
                "c", _ => CountAsync(), new FanOutConsumerOptions(4), async (_, item, _) =>
                {
                    await Task.Yield();
                    Interlocked.Increment(ref handled);
                }));
            for (var turn = 0; turn < run; turn++)
            {
                await Task.Yield();
            }

            await host.StopAsync().OrHangs();

            Assert.Equal(taken, handled);
            Assert.Equal((taken, FanOutConsumerState.Stopped), (host.Consumer("c").Succeeded, host.Consumer("c").State));

            async IAsyncEnumerable<int> CountAsync()
            {
                while (true)
                {
                    await Task.Yield();
                    yield return ++taken;
                }
            }
        }
    }

    [Fact]
    public async Task A_host_whose_start_fails_ends_the_consumer_and_handles_what_it_took()
    {
        var gate = new TestGate();
        FanOutConsumer consumer;
        var failing = new Mock<IHostedService>();
        failing.Setup(service => service.StartAsync(It.IsAny<CancellationToken>())).Returns(async () =>
        {
            await gate.ArrivedAsync(1);
            throw new IOException("no start");
        });
        await using (var host = TestHost.Create(services => services
            .AddFanOutConsumer<int>("c", _ => _items.Reader.ReadAllAsync(), new FanOutConsumerOptions(1), async (_, _, _) =>
                await gate.PassAsync(CancellationToken.None))
            .AddSingleton(failing.Object)))
        {
            Write(3);
            consumer = host.Consumer("c");
            await Assert.ThrowsAsync<IOException>(host.StartAsync);
        }

        gate.Open();
        await Hang.UntilAsync(() => consumer.State == FanOutConsumerState.Stopped);
        Assert.Equal((1, 2), (consumer.Succeeded, _items.Reader.Count));
    }

    [Fact]
    public async Task A_lane_is_disposed_after_the_consumer_has_drained()
    {
        var gate = new TestGate();
        BlockingLane? lane = null;
        await using (var host = await TestHost.StartAsync(services => services
            .AddBlockingLane("l", maxThreads: 1)
            .AddFanOutConsumer<int>("c", _ => _items.Reader.ReadAllAsync(), new FanOutConsumerOptions(1), async (provider, _, _) =>
            {
                lane = provider.GetRequiredKeyedService<BlockingLane>("l");
                await gate.PassAsync(CancellationToken.None);
                await lane.RunAsync(() => 1, CancellationToken.None);
            })))
        {
            Write(1);
            await gate.ArrivedAsync(1);
            var stop = host.StopAsync();
            await Hang.UntilAsync(() => host.Consumer("c").State == FanOutConsumerState.Draining);
            gate.Open();
            await stop.OrHangs();
            Assert.Equal(1, host.Consumer("c").Succeeded);
        }

        await Assert.ThrowsAsync<ObjectDisposedException>(() => lane!.RunAsync(() => 1));
    }

    private static async Task EndAsync(Task stop)
    {
        try
        {
            await stop.OrHangs();
        }
        catch (OperationCanceledException)
        {
            // The shutdown timeout of the host.
        }
    }

    private void Write(int count)
    {
        for (var item = 0; item < count; item++)
        {
            _items.Writer.TryWrite(item);
        }
    }

    private Task<TestHost> StartAsync(FanOutConsumerOptions options, Func<int, CancellationToken, Task> handler) =>
        TestHost.StartAsync(services => services.AddFanOutConsumer<int>(
            "c", _ => _items.Reader.ReadAllAsync(), options, (_, item, token) => handler(item, token)));
}
