using System.Threading.Channels;

namespace AsyncKit.Hosting.Tests;

/// <summary>Consumers that run: scopes, failures of items, the end of the source.</summary>
public sealed class ConsumerTests : IClassFixture<NothingLeftBehind>
{
    private static readonly FanOutConsumerOptions One = new(maxConcurrency: 1);

    private readonly Channel<int> _items = Channel.CreateUnbounded<int>();
    private readonly List<Scoped> _seen = [];

    [Fact]
    public async Task Each_call_of_the_handler_has_a_scope_that_ends_with_the_call()
    {
        await using var host = await StartAsync(One, (_, item, _) => item == 1 ? Task.FromException(new IOException()) : Task.CompletedTask);
        await ConsumeAsync(host, 1, 2, 3);

        Assert.Equal(3, _seen.Distinct().Count());
        Assert.All(_seen, scoped => Assert.True(scoped.IsDisposed));
    }

    [Fact]
    public async Task A_retry_has_a_scope_of_its_own()
    {
        var options = new FanOutConsumerOptions
        {
            FanOut = new(1) { Retry = new() { Backoff = Backoff.None, ShouldRetry = _ => true } },
        };
        await using var host = await StartAsync(
            options, (_, _, _) => _seen.Count < 3 ? Task.FromException(new IOException()) : Task.CompletedTask);
        await ConsumeAsync(host, 1);

        Assert.Equal(3, _seen.Distinct().Count());
        Assert.Equal(1, host.Consumer("c").Succeeded);
    }

    [Fact]
    public async Task A_worker_keeps_its_scope_and_replaces_it_after_a_failure()
    {
        await using var host = await StartAsync(
            One with { Scope = ConsumerScope.PerWorker },
            (_, item, _) => item == 2 ? Task.FromException(new IOException()) : Task.CompletedTask);
        await ConsumeAsync(host, 1, 2, 3, 4);

        Assert.Same(_seen[0], _seen[1]);
        Assert.NotSame(_seen[1], _seen[2]);
        Assert.Same(_seen[2], _seen[3]);
        Assert.All(_seen, scoped => Assert.True(scoped.IsDisposed));
    }

    [Fact]
    public async Task A_failed_item_is_logged_at_Error_with_its_exception_and_the_consumer_continues()
    {
        var failure = new IOException("broken");
        await using var host = await StartAsync(
            One, (_, item, _) => item == 2 ? Task.FromException(failure) : Task.CompletedTask);
        await ConsumeAsync(host, 1, 2, 3);

        var consumer = host.Consumer("c");
        Assert.Equal((2, 1, FanOutConsumerState.Completed), (consumer.Succeeded, consumer.Failed, consumer.State));
        Assert.Same(failure, consumer.LastFailure);
        var line = Assert.Single(host.Log.All, line => line.Level == LogLevel.Error);
        Assert.Equal(("Item 1 of the consumer c failed on attempt 1, after 0 ms; continuing.", failure), (line.Text, line.Exception));
        Assert.False(host.Stopping.IsCancellationRequested);
    }

    [Fact]
    public async Task A_handler_that_throws_a_foreign_cancellation_has_failed()
    {
        await using var host = await StartAsync(One, (_, _, _) => throw new OperationCanceledException());
        await ConsumeAsync(host, 1);

        Assert.Equal((1, 0), (host.Consumer("c").Failed, host.Consumer("c").Cancelled));
    }

    [Fact]
    public async Task A_failed_item_stops_the_host_with_StopAtFirst()
    {
        var options = new FanOutConsumerOptions { FanOut = new(1) { OnFailure = FailureMode.StopAtFirst } };
        await using var host = await StartAsync(options, (_, _, _) => throw new IOException("broken"));
        _items.Writer.TryWrite(1);

        await Hang.UntilAsync(() => host.Stopping.IsCancellationRequested);

        Assert.Equal(FanOutConsumerState.Failed, host.Consumer("c").State);
        Assert.Contains("The consumer c failed; it does not restart.", host.Errors(), StringComparer.Ordinal);
    }

    [Fact]
    public async Task A_source_that_ends_completes_the_consumer_with_a_warning_and_the_host_continues()
    {
        await using var host = await StartAsync(One, (_, _, _) => Task.CompletedTask);
        await ConsumeAsync(host, 1, 2);

        Assert.Contains(
            host.Log.All, line => (line.Level, line.Text) == (LogLevel.Warning, "The source of the consumer c ended: 2 succeeded, 0 failed."));
        Assert.False(host.Stopping.IsCancellationRequested);
    }

    [Fact]
    public async Task The_limit_is_reached_and_not_exceeded()
    {
        var gate = new TestGate();
        await using var host = await StartAsync(new(maxConcurrency: 3), (_, _, token) => gate.PassAsync(token));
        for (var item = 0; item < 10; item++)
        {
            _items.Writer.TryWrite(item);
        }

        await gate.ArrivedAsync(3);
        Assert.Equal(3, host.Consumer("c").Active);
        host.Time.Advance(TimeSpan.FromSeconds(7));
        Assert.Equal(TimeSpan.FromSeconds(7), host.Consumer("c").OldestActive);
        gate.Open();
        await ConsumeAsync(host);

        Assert.Equal(3, gate.Peak);
        Assert.Equal("c: Completed, 0 active, 10 succeeded, 0 failed", host.Consumer("c").ToString());
        Assert.Null(host.Consumer("c").OldestActive);
    }

    [Fact]
    public async Task A_typed_handler_comes_from_the_scope_of_the_item()
    {
        await using var host = await TestHost.StartAsync(services => services
            .AddSingleton(_seen)
            .AddScoped<Scoped>()
            .AddFanOutConsumer<int, Handler>("c", _ => _items.Reader.ReadAllAsync(), One));
        await ConsumeAsync(host, 1, 2);

        Assert.Equal(2, _seen.Distinct().Count());
    }

    [Fact]
    public async Task A_slow_item_is_logged_by_name()
    {
        var gate = new TestGate();
        var options = new FanOutConsumerOptions { FanOut = new(1) { SlowItemThreshold = TimeSpan.FromSeconds(5) } };
        await using var host = await StartAsync(options, (_, _, token) => gate.PassAsync(token));
        _items.Writer.TryWrite(1);
        await gate.ArrivedAsync(1);
        await Hang.UntilAsync(() => host.Time.PendingTimers > 0);

        host.Time.Advance(TimeSpan.FromSeconds(6));
        await Hang.UntilAsync(() => host.Log.All.Any(line => line.Text.StartsWith("Item 0 of the consumer c exceeded", StringComparison.Ordinal)));

        gate.Open();
        await ConsumeAsync(host);
    }

    [Fact]
    public void Two_consumers_of_one_name_are_refused()
    {
        var services = new ServiceCollection();
        services.AddFanOutConsumer<int>("c", _ => _items.Reader.ReadAllAsync(), One, (_, _, _) => Task.CompletedTask);

        var thrown = Assert.Throws<ArgumentException>(() => services.AddFanOutConsumer<int>(
            "c", _ => _items.Reader.ReadAllAsync(), One, (_, _, _) => Task.CompletedTask));

        Assert.Contains("it was 'c'", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_configure_function_adds_what_only_the_container_has()
    {
        await using var host = await TestHost.StartAsync(services => services
            .AddConcurrencyGate("g", limit: 4)
            .AddFanOutConsumer<int>(
                "c",
                _ => _items.Reader.ReadAllAsync(),
                One,
                (provider, _, _) =>
                {
                    Assert.Equal(1, provider.GetRequiredKeyedService<ConcurrencyGate>("g").Active);
                    return Task.CompletedTask;
                },
                (provider, options) => options with
                {
                    FanOut = options.FanOut with { Gate = provider.GetRequiredKeyedService<ConcurrencyGate>("g") },
                }));
        await ConsumeAsync(host, 1);

        Assert.Equal(1, host.Consumer("c").Succeeded);
    }

    private async Task<TestHost> StartAsync(
        FanOutConsumerOptions options, Func<IServiceProvider, int, CancellationToken, Task> handler) =>
        await TestHost.StartAsync(services => services
            .AddScoped<Scoped>()
            .AddFanOutConsumer<int>("c", _ => _items.Reader.ReadAllAsync(), options, (provider, item, token) =>
            {
                lock (_seen)
                {
                    _seen.Add(provider.GetRequiredService<Scoped>());
                }

                return handler(provider, item, token);
            }));

    /// <summary>Writes the items, ends the source and waits until they are handled.</summary>
    private async Task ConsumeAsync(TestHost host, params int[] items)
    {
        Array.ForEach(items, item => _items.Writer.TryWrite(item));
        _items.Writer.Complete();
        await Hang.UntilAsync(() => host.Consumer("c").State == FanOutConsumerState.Completed);
    }

    private sealed class Scoped : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }

    private sealed class Handler(List<Scoped> seen, Scoped scoped) : IFanOutHandler<int>
    {
        public ValueTask HandleAsync(int item, CancellationToken cancellationToken = default)
        {
            seen.Add(scoped);
            return default;
        }
    }
}
