using System.Threading.Channels;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AsyncKit.Hosting.Tests;

/// <summary>The health checks, by the health check service of a real host.</summary>
public sealed class HealthTests : IClassFixture<NothingLeftBehind>
{
    private readonly TestGate _gate = new();
    private readonly Channel<int> _items = Channel.CreateUnbounded<int>();

    [Fact]
    public async Task A_lane_with_a_free_thread_is_healthy()
    {
        await using var host = await StartAsync(
            services => services.AddBlockingLane("l", maxThreads: 2), checks => checks.AddBlockingLane("l"));

        var entry = await CheckAsync(host, "lane:l");

        Assert.Equal(HealthStatus.Healthy, entry.Status);
        Assert.Equal((0, 0, 2), (entry.Data["active"], entry.Data["queued"], entry.Data["maxThreads"]));
    }

    [Fact]
    public async Task A_lane_fails_if_work_waits_too_long_and_recovers()
    {
        await using var host = await StartAsync(
            services => services.AddBlockingLane("l", maxThreads: 1),
            checks => checks.AddBlockingLane("l", TimeSpan.FromSeconds(10), HealthStatus.Degraded));
        var lane = host.Services.GetRequiredKeyedService<BlockingLane>("l");
        using var release = new ManualResetEventSlim();
        var work = lane.RunAsync(() => release.Wait());
        await Hang.UntilAsync(() => lane.Active == 1);

        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(host, "lane:l")).Status);
        host.Time.Advance(TimeSpan.FromSeconds(10) - TimeSpan.FromTicks(1));
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(host, "lane:l")).Status);
        host.Time.Advance(TimeSpan.FromTicks(1));
        var stuck = await CheckAsync(host, "lane:l");

        Assert.Equal(HealthStatus.Degraded, stuck.Status);
        Assert.Equal(TimeSpan.FromSeconds(10), stuck.Data["oldest"]);
        Assert.Equal("Work of the lane l waits for 10 s; 1 of 1 threads are busy.", stuck.Description);
        release.Set();
        await work.OrHangs();
        await Hang.UntilAsync(() => lane is { Active: 0, Queued: 0 });
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(host, "lane:l")).Status);
    }

    [Fact]
    public async Task A_busy_lane_whose_work_completes_stays_healthy()
    {
        await using var host = await StartAsync(
            services => services.AddBlockingLane("l", maxThreads: 1),
            checks => checks.AddBlockingLane("l", TimeSpan.FromSeconds(10)));
        var lane = host.Services.GetRequiredKeyedService<BlockingLane>("l");
        for (var turn = 0; turn < 3; turn++)
        {
            using var release = new ManualResetEventSlim();
            var work = lane.RunAsync(() => release.Wait());
            await Hang.UntilAsync(() => lane.Active == 1);
            Assert.Equal(HealthStatus.Healthy, (await CheckAsync(host, "lane:l")).Status);
            host.Time.Advance(TimeSpan.FromSeconds(9));
            release.Set();
            await work.OrHangs();
            await Hang.UntilAsync(() => lane is { Active: 0, Queued: 0 });
        }
    }

    [Theory]
    [InlineData(WhenFull.Wait)]
    [InlineData(WhenFull.Reject)]
    public async Task A_lane_with_a_full_queue_is_degraded_and_fails_if_it_stays_full(WhenFull whenFull)
    {
        var options = new BlockingLaneOptions { MaxThreads = 1, MaxQueued = 1, WhenFull = whenFull };
        await using var host = await StartAsync(
            services => services.AddBlockingLane("l", options), checks => checks.AddBlockingLane("l"));
        var lane = host.Services.GetRequiredKeyedService<BlockingLane>("l");
        using var release = new ManualResetEventSlim();
        var running = lane.RunAsync(() => release.Wait());
        var queued = lane.RunAsync(() => { });
        await Hang.UntilAsync(() => lane is { Active: 1, Queued: 1 });

        var full = await CheckAsync(host, "lane:l");
        host.Time.Advance(TimeSpan.FromSeconds(30));
        var stuck = await CheckAsync(host, "lane:l");

        Assert.Equal((HealthStatus.Degraded, "The queue of the lane l is full: 1 of 1."), (full.Status, full.Description));
        Assert.Equal(HealthStatus.Unhealthy, stuck.Status);
        release.Set();
        await Task.WhenAll(running, queued).OrHangs();
    }

    [Fact]
    public async Task A_gate_fails_if_a_lease_is_never_disposed_and_recovers()
    {
        await using var host = await StartAsync(
            services => services.AddConcurrencyGate("g", limit: 1), checks => checks.AddConcurrencyGate("g"));
        var gate = host.Services.GetRequiredKeyedService<ConcurrencyGate>("g");
        var lease = await gate.AcquireAsync();

        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(host, "gate:g")).Status);
        host.Time.Advance(TimeSpan.FromSeconds(30));
        var stuck = await CheckAsync(host, "gate:g");

        Assert.Equal(HealthStatus.Unhealthy, stuck.Status);
        Assert.Equal((1, 1), (stuck.Data["active"], stuck.Data["limit"]));
        Assert.Equal("A caller of the gate g waits for 30 s; 1 of 1 permits are held.", stuck.Description);
        lease.Dispose();
        await Hang.UntilAsync(() => gate is { Active: 0, Waiting: 0 });
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(host, "gate:g")).Status);
    }

    [Fact]
    public async Task A_paused_gate_is_degraded()
    {
        await using var host = await StartAsync(
            services => services.AddConcurrencyGate("g", limit: 0), checks => checks.AddConcurrencyGate("g"));

        Assert.Equal(HealthStatus.Degraded, (await CheckAsync(host, "gate:g")).Status);
    }

    [Fact]
    public async Task A_consumer_is_healthy_while_it_runs_and_degraded_after_its_source_ended()
    {
        await using var host = await StartConsumerAsync((_, _) => Task.CompletedTask);
        await Hang.UntilAsync(() => host.Consumer("c").State == FanOutConsumerState.Running);

        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(host, "consumer:c")).Status);
        _items.Writer.Complete();
        await Hang.UntilAsync(() => host.Consumer("c").State == FanOutConsumerState.Completed);

        Assert.Equal(HealthStatus.Degraded, (await CheckAsync(host, "consumer:c")).Status);
    }

    [Fact]
    public async Task A_consumer_fails_before_the_start_and_after_the_stop()
    {
        await using var host = TestHost.Create(services => AddConsumer(services, (_, _) => Task.CompletedTask, new(1)));
        Assert.Equal("The consumer c has not started.", (await CheckAsync(host, "consumer:c")).Description);
        await host.StartAsync();
        await Hang.UntilAsync(() => host.Consumer("c").State == FanOutConsumerState.Running);
        await host.StopAsync();

        var stopped = await CheckAsync(host, "consumer:c");

        Assert.Equal((HealthStatus.Unhealthy, "The consumer c stopped."), (stopped.Status, stopped.Description));
    }

    [Fact]
    public async Task A_consumer_that_waits_for_its_restart_fails_with_the_exception()
    {
        await using var host = await TestHost.StartAsync(services => AddConsumer(
            services, (_, _) => Task.CompletedTask, new(1) { WhenSourceFails = WhenSourceFails.Restart }));
        _items.Writer.Complete(new IOException("broken"));
        await Hang.UntilAsync(() => host.Consumer("c").State == FanOutConsumerState.Restarting);

        var entry = await CheckAsync(host, "consumer:c");

        Assert.Equal(HealthStatus.Unhealthy, entry.Status);
        Assert.IsType<IOException>(entry.Exception);
        await host.StopAsync();
    }

    [Fact]
    public async Task A_consumer_is_stuck_if_no_handler_completes_for_a_time()
    {
        await using var host = await StartConsumerAsync((_, token) => _gate.PassAsync(token));
        _items.Writer.TryWrite(1);
        await _gate.ArrivedAsync(1);

        host.Time.Advance(TimeSpan.FromMinutes(1) - TimeSpan.FromTicks(1));
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(host, "consumer:c")).Status);
        host.Time.Advance(TimeSpan.FromTicks(1));
        var stuck = await CheckAsync(host, "consumer:c");

        Assert.Equal(
            (HealthStatus.Unhealthy, "The consumer c is stuck: none of its 1 handlers completed for 1 min."),
            (stuck.Status, stuck.Description));
        Assert.Equal((1, TimeSpan.FromMinutes(1)), (stuck.Data["active"], stuck.Data["oldest"]));
        _gate.Open();
    }

    [Fact]
    public async Task A_consumer_fails_while_too_many_items_failed_within_the_window()
    {
        await using var host = await StartConsumerAsync(
            (item, _) => item < 6 ? Task.FromException(new IOException()) : Task.CompletedTask);
        Write(9);
        await Hang.UntilAsync(() => host.Consumer("c") is { Succeeded: 3, Failed: 6 });
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(host, "consumer:c")).Status); // Fewer than MinItems.

        _items.Writer.TryWrite(10);
        await Hang.UntilAsync(() => host.Consumer("c") is { Succeeded: 4, Failed: 6 });
        var failing = await CheckAsync(host, "consumer:c");
        host.Time.Advance(TimeSpan.FromSeconds(65));
        var later = await CheckAsync(host, "consumer:c");

        Assert.Equal((HealthStatus.Unhealthy, "6 of 10 items of the consumer c failed within 1 min."), (failing.Status, failing.Description));
        Assert.Equal(HealthStatus.Healthy, later.Status);
    }

    [Fact]
    public async Task The_thread_pool_fails_while_a_callback_was_late_within_the_window()
    {
        var time = new LateClock();
        await using var host = await TestHost.StartAsync(services => services.AddHealthChecks().AddThreadPool(), time);

        time.Fire(TimeSpan.FromMilliseconds(500));
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(host, "threadpool")).Status);
        time.Pass(TimeSpan.FromMilliseconds(1500)); // The callback is late, and has not run.
        Assert.Equal(HealthStatus.Unhealthy, (await CheckAsync(host, "threadpool")).Status);
        time.Fire(TimeSpan.Zero);
        var late = await CheckAsync(host, "threadpool");
        Assert.Equal((HealthStatus.Unhealthy, TimeSpan.FromSeconds(1)), (late.Status, late.Data["latency"]));

        for (var turn = 0; turn < 61; turn++)
        {
            time.Fire(TimeSpan.FromMilliseconds(500));
        }

        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(host, "threadpool")).Status);
        await host.StopAsync();
        Assert.Equal(0, time.Timers);
    }

    private static async Task<HealthReportEntry> CheckAsync(TestHost host, string name)
    {
        var report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync().OrHangs();
        return report.Entries[name];
    }

    private static Task<TestHost> StartAsync(Action<IServiceCollection> add, Action<IHealthChecksBuilder> check) =>
        TestHost.StartAsync(services =>
        {
            add(services);
            check(services.AddHealthChecks());
        });

    private Task<TestHost> StartConsumerAsync(Func<int, CancellationToken, Task> handler) =>
        TestHost.StartAsync(services => AddConsumer(services, handler, new(maxConcurrency: 2)));

    private void AddConsumer(
        IServiceCollection services, Func<int, CancellationToken, Task> handler, FanOutConsumerOptions options)
    {
        services.AddFanOutConsumer<int>("c", _ => _items.Reader.ReadAllAsync(), options, (_, item, token) => handler(item, token));
        services.AddHealthChecks().AddFanOutConsumer("c");
    }

    private void Write(int count)
    {
        for (var item = 0; item < count; item++)
        {
            _items.Writer.TryWrite(item);
        }
    }

    /// <summary>A clock whose one timer fires when the test says, as late as a starving thread pool makes it.</summary>
#pragma warning disable CA1001 // The timer belongs to its creator.
    private sealed class LateClock : TimeProvider
#pragma warning restore CA1001
    {
        private long _now;
        private OneTimer? _timer;

        public int Timers => _timer is null ? 0 : 1;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            _timer = new OneTimer(this, () => callback(state));

        public void Pass(TimeSpan time) => _now += time.Ticks;

        public void Fire(TimeSpan after)
        {
            Pass(after);
            _timer!.Call();
        }

        private sealed class OneTimer(LateClock clock, Action call) : ITimer
        {
            public void Call() => call();

            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose() => clock._timer = null;

            public ValueTask DisposeAsync()
            {
                Dispose();
                return default;
            }
        }
    }
}
