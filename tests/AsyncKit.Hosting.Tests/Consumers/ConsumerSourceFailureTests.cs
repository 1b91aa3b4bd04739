using System.Threading.Channels;
using Moq;

namespace AsyncKit.Hosting.Tests;

/// <summary>Sources that fail: the host stops, or the consumer restarts after a delay.</summary>
public sealed class ConsumerSourceFailureTests : IClassFixture<NothingLeftBehind>
{
    private static readonly FanOutConsumerOptions Restarting = new(maxConcurrency: 2)
    {
        WhenSourceFails = WhenSourceFails.Restart,
        RestartBackoff = Backoff.Linear(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10)),
    };

    private readonly List<Channel<int>> _sources = [];

    [Fact]
    public async Task A_failed_source_stops_the_host_by_default()
    {
        await using var host = await StartAsync(new(maxConcurrency: 2));
        await FailAsync(0);

        await Hang.UntilAsync(() => host.Stopping.IsCancellationRequested);

        Assert.Equal(FanOutConsumerState.Failed, host.Consumer("c").State);
        var line = Assert.Single(host.Log.All, line => string.Equals(line.Text, "The consumer c failed; it does not restart.", StringComparison.Ordinal));
        Assert.IsType<IOException>(line.Exception);
        Assert.Equal(LogLevel.Error, line.Level);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("throws")]
    [InlineData("enumerator")]
    public async Task A_source_that_cannot_be_created_has_failed(string fault)
    {
        var broken = new Mock<IAsyncEnumerable<int>>();
        broken.Setup(source => source.GetAsyncEnumerator(It.IsAny<CancellationToken>())).Throws(new IOException("no enumerator"));
        await using var host = await TestHost.StartAsync(services => services.AddFanOutConsumer<int>(
            "c",
            _ => fault switch
            {
                "null" => null!,
                "enumerator" => broken.Object,
                _ => throw new IOException("no source"),
            },
            new FanOutConsumerOptions(1),
            (_, _, _) => Task.CompletedTask));

        await Hang.UntilAsync(() => host.Stopping.IsCancellationRequested);

        Assert.Equal(FanOutConsumerState.Failed, host.Consumer("c").State);
    }

    [Fact]
    public async Task A_failed_source_is_requested_again_after_each_delay_of_the_backoff()
    {
        await using var host = await StartAsync(Restarting);
        for (var failures = 1; failures <= 3; failures++)
        {
            await FailAsync(failures - 1);
            await RestartingAsync(host, failures);
            host.Time.Advance(TimeSpan.FromSeconds(failures) - TimeSpan.FromTicks(1));
            Assert.Equal(failures, Count);
            host.Time.Advance(TimeSpan.FromTicks(1));
        }

        await Hang.UntilAsync(() => host.Consumer("c").State == FanOutConsumerState.Running);
        Assert.Equal(3, host.Consumer("c").Restarts);
        Assert.Equal(
            ["The consumer c failed; restarting in 1 s.", "The consumer c failed; restarting in 2 s.", "The consumer c failed; restarting in 3 s."],
            host.Errors(),
            StringComparer.Ordinal);
        Assert.False(host.Stopping.IsCancellationRequested);
        await host.StopAsync();
    }

    [Fact]
    public async Task The_backoff_starts_over_after_an_item_was_handled()
    {
        await using var host = await StartAsync(Restarting);
        await FailAsync(0);
        await RestartingAsync(host, 1);
        host.Time.Advance(TimeSpan.FromSeconds(1));
        await Hang.UntilAsync(() => Count == 2);

        _sources[1].Writer.TryWrite(1);
        await Hang.UntilAsync(() => host.Consumer("c").Succeeded == 1);
        await FailAsync(1);
        await RestartingAsync(host, 2);

        Assert.Equal("The consumer c failed; restarting in 1 s.", host.Errors().Last());
        await host.StopAsync();
    }

    [Fact]
    public async Task Items_that_the_source_yielded_before_it_failed_are_handled()
    {
        await using var host = await StartAsync(Restarting);
        _sources[0].Writer.TryWrite(1);
        _sources[0].Writer.TryWrite(2);
        await FailAsync(0);
        await RestartingAsync(host, 1);

        Assert.Equal(2, host.Consumer("c").Succeeded);
        await host.StopAsync();
    }

    [Fact]
    public async Task A_stop_during_the_delay_ends_the_consumer_at_once()
    {
        await using var host = await StartAsync(Restarting);
        await FailAsync(0);
        await RestartingAsync(host, 1);

        await host.StopAsync().OrHangs();

        Assert.Equal(FanOutConsumerState.Stopped, host.Consumer("c").State);
        Assert.Single(_sources);
    }

    [Fact]
    public async Task A_source_that_fails_during_the_drain_is_not_requested_again()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await TestHost.StartAsync(services => services.AddFanOutConsumer<int>(
            "c", _ => FailOnCancelAsync(asked), Restarting, (_, _, _) => Task.CompletedTask));
        await asked.Task.OrHangs();

        await host.StopAsync().OrHangs();

        Assert.Equal((FanOutConsumerState.Failed, 0), (host.Consumer("c").State, host.Consumer("c").Restarts));
        Assert.Contains("The consumer c failed; it does not restart.", host.Errors(), StringComparer.Ordinal);
    }

    [Fact]
    public async Task The_scope_of_a_source_ends_with_its_enumeration()
    {
        var scopes = new List<Scoped>();
        await using var host = await TestHost.StartAsync(services => services.AddScoped<Scoped>().AddFanOutConsumer<int>(
            "c",
            provider =>
            {
                scopes.Add(provider.GetRequiredService<Scoped>());
                return NewSource();
            },
            Restarting,
            (_, _, _) => Task.CompletedTask));
        await Hang.UntilAsync(() => Count == 1);
        Assert.False(scopes[0].IsDisposed);
        await FailAsync(0);
        await RestartingAsync(host, 1);
        Assert.True(scopes[0].IsDisposed);
        host.Time.Advance(TimeSpan.FromSeconds(1));
        await Hang.UntilAsync(() => Count == 2);

        await host.StopAsync();

        Assert.NotSame(scopes[0], scopes[1]);
        Assert.True(scopes[1].IsDisposed);
    }

    private static async IAsyncEnumerable<int> FailOnCancelAsync(
        TaskCompletionSource asked, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        asked.SetResult();
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        }
        catch (OperationCanceledException exception)
        {
            throw new IOException("closing failed", exception);
        }

        yield break;
    }

    private IAsyncEnumerable<int> NewSource()
    {
        var channel = Channel.CreateUnbounded<int>();
        lock (_sources)
        {
            _sources.Add(channel);
        }

        return channel.Reader.ReadAllAsync();
    }

    private async Task<TestHost> StartAsync(FanOutConsumerOptions options)
    {
        var host = await TestHost.StartAsync(services => services.AddFanOutConsumer<int>(
            "c", _ => NewSource(), options, (_, _, _) => Task.CompletedTask));
        await Hang.UntilAsync(() => Count == 1);
        return host;
    }

    private int Count
    {
        get
        {
            lock (_sources)
            {
                return _sources.Count;
            }
        }
    }

    private async Task FailAsync(int source)
    {
        await Hang.UntilAsync(() => Count > source);
        _sources[source].Writer.Complete(new IOException("broken"));
    }

    /// <summary>Waits until the delay before the restart has started.</summary>
    private static Task RestartingAsync(TestHost host, int restarts) => Hang.UntilAsync(() =>
        host.Consumer("c") is { State: FanOutConsumerState.Restarting } consumer
        && consumer.Restarts == restarts
        && host.Time.PendingTimers == 1);

    private sealed class Scoped : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }
}
