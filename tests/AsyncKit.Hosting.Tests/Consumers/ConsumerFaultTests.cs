#pragma warning disable CA1873 // The arguments are matchers of a mock.

using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Moq;

namespace AsyncKit.Hosting.Tests;

/// <summary>Faults outside the handler: scopes that cannot be disposed, a logger that throws, items that a failure
/// cancels.</summary>
public sealed class ConsumerFaultTests : IClassFixture<NothingLeftBehind>
{
    private readonly Channel<int> _items = Channel.CreateUnbounded<int>();
    private readonly TestGate _gate = new();

    [Theory]
    [InlineData(ConsumerScope.PerItem)]
    [InlineData(ConsumerScope.PerWorker)]
    public async Task The_exception_of_a_handler_survives_a_scope_that_cannot_be_disposed(ConsumerScope scope)
    {
        await using var host = await StartAsync(
            new(1) { Scope = scope }, (_, _) => Task.FromException(new IOException("handler")));
        _items.Writer.TryWrite(1);
        await Hang.UntilAsync(() => host.Consumer("c").Failed == 1);

        var failure = Assert.IsType<IOException>(host.Consumer("c").LastFailure);

        Assert.IsType<InvalidOperationException>(failure.Data["AsyncKit.DisposeException"]);
        await host.StopAsync().OrHangs();
    }

    [Fact]
    public async Task A_scope_that_cannot_be_disposed_fails_its_item_and_the_consumer_continues()
    {
        await using var host = await StartAsync(new(1), (_, _) => Task.CompletedTask);
        _items.Writer.TryWrite(1);
        _items.Writer.TryWrite(2);
        await Hang.UntilAsync(() => host.Consumer("c").Failed == 2);

        Assert.Equal(FanOutConsumerState.Running, host.Consumer("c").State);
        await host.StopAsync().OrHangs();
    }

    /// <summary>The scope of an idle worker is disposed while another worker still handles an item.</summary>
    [Fact]
    public async Task A_scope_of_a_worker_that_cannot_be_disposed_cancels_no_handler_of_a_drain()
    {
        var isCancelled = false;
        await using var host = await StartAsync(new(2) { Scope = ConsumerScope.PerWorker }, async (item, token) =>
        {
            if (item == 1)
            {
                await _gate.PassAsync(CancellationToken.None);
                isCancelled = token.IsCancellationRequested;
            }
        });
        _items.Writer.TryWrite(1);
        await _gate.ArrivedAsync(1);
        _items.Writer.TryWrite(2);
        await Hang.UntilAsync(() => host.Consumer("c").Succeeded == 1);

        var stop = host.StopAsync();
        await Hang.UntilAsync(() => Breaks.Disposed > 0);
        _gate.Open();
        await stop.OrHangs();

        Assert.Contains("The consumer c failed; it does not restart.", host.Errors(), StringComparer.Ordinal);
        Assert.Equal((false, 2L, 0L), (isCancelled, host.Consumer("c").Succeeded, host.Consumer("c").Cancelled));
    }

    [Fact]
    public async Task A_logger_that_throws_ends_no_run()
    {
        var logger = new Mock<ILogger>();
        logger
            .Setup(one => one.Log(
                LogLevel.Error,
                It.IsAny<EventId>(),
                It.IsAny<It.IsAnyType>(),
                It.IsAny<Exception?>(),
                It.IsAny<Func<It.IsAnyType, Exception?, string>>()))
            .Throws(new InvalidOperationException("logger"));
        await using var host = await TestHost.StartAsync(services => services
            .AddSingleton(Mock.Of<ILoggerProvider>(provider => provider.CreateLogger(It.IsAny<string>()) == logger.Object))
            .AddFanOutConsumer<int>("c", _ => _items.Reader.ReadAllAsync(), new FanOutConsumerOptions(1), (_, item, _) =>
                item == 1 ? Task.FromException(new IOException()) : Task.CompletedTask));
        _items.Writer.TryWrite(1);
        _items.Writer.TryWrite(2);

        await Hang.UntilAsync(() => host.Consumer("c") is { Failed: 1, Succeeded: 1 });

        Assert.Equal(FanOutConsumerState.Running, host.Consumer("c").State);
        logger.VerifyAll();
        await host.StopAsync().OrHangs();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_logger_that_throws_at_every_level_prevents_no_drain(bool isBrokenAtStart)
    {
        var isBroken = isBrokenAtStart;
        var logger = new Mock<ILogger>();
        logger
            .Setup(one => one.Log(
                It.IsAny<LogLevel>(),
                It.IsAny<EventId>(),
                It.IsAny<It.IsAnyType>(),
                It.IsAny<Exception?>(),
                It.IsAny<Func<It.IsAnyType, Exception?, string>>()))
            .Callback(() =>
            {
                if (isBroken)
                {
                    throw new InvalidOperationException("logger");
                }
            });
        var provider = new Mock<ILoggerProvider>();
        provider.Setup(one => one.CreateLogger(It.IsAny<string>())).Returns(NullLogger.Instance);
        provider.Setup(one => one.CreateLogger(typeof(FanOutConsumer).FullName!)).Returns(logger.Object);
        await using var host = await TestHost.StartAsync(services => services
            .AddSingleton(provider.Object)
            .AddFanOutConsumer<int>(
                "c", _ => _items.Reader.ReadAllAsync(), new FanOutConsumerOptions(1), (_, _, token) => _gate.PassAsync(token)));
        _items.Writer.TryWrite(1);
        await _gate.ArrivedAsync(1);
        isBroken = true;

        var stop = host.StopAsync();
        await Hang.UntilAsync(() => host.Consumer("c").State == FanOutConsumerState.Draining);
        _gate.Open();
        await stop.OrHangs();

        Assert.Equal((FanOutConsumerState.Stopped, 1), (host.Consumer("c").State, host.Consumer("c").Succeeded));
        Assert.Contains(logger.Invocations, call => call.Arguments[1] is EventId { Id: 146 }); // That it stopped.
    }

    [Fact]
    public async Task Items_that_the_failure_of_another_cancelled_are_logged_as_lost()
    {
        await using var host = await TestHost.StartAsync(services => services.AddFanOutConsumer<int>(
            "c",
            _ => _items.Reader.ReadAllAsync(),
            new FanOutConsumerOptions { FanOut = new(2) { OnFailure = FailureMode.StopAtFirst } },
            async (_, item, token) =>
            {
                await (item == 1 ? _gate.PassAsync(token) : _gate.ArrivedAsync(1));
                throw new IOException("broken");
            }));
        _items.Writer.TryWrite(1);
        _items.Writer.TryWrite(2);

        await Hang.UntilAsync(() => host.Stopping.IsCancellationRequested);

        Assert.Contains("The consumer c lost 1 items that it took from its source.", host.Errors(), StringComparer.Ordinal);
    }

    /// <summary>A partition takes items whose key is full, and keeps them.</summary>
    [Fact]
    public async Task Items_that_wait_for_their_key_when_the_shutdown_timeout_elapses_are_logged_as_lost()
    {
        using var timeout = new CancellationTokenSource();
        await using var host = await TestHost.StartAsync(services => services.AddFanOutConsumer<int>(
            "c",
            _ => _items.Reader.ReadAllAsync(),
            new FanOutConsumerOptions { FanOut = new(2) { Partition = FanOutPartition.By((int _) => "key", maxPerKey: 1) } },
            (_, _, token) => _gate.PassAsync(token)));
        Array.ForEach([1, 2, 3], item => _items.Writer.TryWrite(item));
        await _gate.ArrivedAsync(1);
        await Hang.UntilAsync(() => _items.Reader.Count == 0);

        var stop = host.StopAsync(timeout.Token);
        await Hang.UntilAsync(() => host.Consumer("c").State == FanOutConsumerState.Draining);
        await timeout.CancelAsync();
        await Task.WhenAny(stop).OrHangs(); // It may throw because of the shutdown timeout.

        Assert.Contains("The consumer c lost 3 items that it took from its source.", host.Errors(), StringComparer.Ordinal);
        Assert.Equal((0, 3), (host.Consumer("c").Succeeded, host.Consumer("c").Cancelled));
    }

    [Fact]
    public async Task An_item_that_a_stopped_source_still_yields_is_logged_as_lost()
    {
        var idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await TestHost.StartAsync(services => services.AddFanOutConsumer<int>(
            "c",
            _ => YieldOnCancelAsync(),
            new FanOutConsumerOptions { FanOut = new(2) { OnFailure = FailureMode.StopAtFirst } },
            async (_, _, _) =>
            {
                await idle.Task;
                throw new IOException("broken");
            }));

        await Hang.UntilAsync(() => host.Stopping.IsCancellationRequested);

        Assert.Contains("The consumer c lost 1 items that it took from its source.", host.Errors(), StringComparer.Ordinal);
        Assert.Equal((1, 1), (host.Consumer("c").Failed, host.Consumer("c").Cancelled));

        async IAsyncEnumerable<int> YieldOnCancelAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            yield return 1;
            try
            {
                idle.SetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                // The next item was received already.
            }

            yield return 2;
        }
    }

    [Fact]
    public async Task A_queue_that_its_handlers_feed_ends_by_itself()
    {
        var queue = new FanOutQueue<int>([1]);
        await using var host = await TestHost.StartAsync(services => services.AddFanOutConsumer<int>(
            "c", _ => queue, new FanOutConsumerOptions(2), async (_, item, _) =>
            {
                await _gate.PassAsync(CancellationToken.None);
                _ = item < 5 && queue.Add(item + 1);
            }));
        await _gate.ArrivedAsync(1);
        _gate.Open();

        await Hang.UntilAsync(() => host.Consumer("c").State == FanOutConsumerState.Completed);

        Assert.Equal((5, 0), (host.Consumer("c").Succeeded, host.Consumer("c").Cancelled));
    }

    private Task<TestHost> StartAsync(FanOutConsumerOptions options, Func<int, CancellationToken, Task> handler)
    {
        Breaks.Disposed = 0;
        return TestHost.StartAsync(services => services
            .AddScoped<Breaks>()
            .AddFanOutConsumer<int>("c", _ => _items.Reader.ReadAllAsync(), options, (provider, item, token) =>
            {
                _ = provider.GetRequiredService<Breaks>();
                return handler(item, token);
            }));
    }

    private sealed class Breaks : IDisposable
    {
        public static int Disposed { get; set; }

        public void Dispose()
        {
            Disposed++;
            throw new InvalidOperationException("dispose");
        }
    }
}
