namespace AsyncKit.Hosting.Tests;

/// <summary>Gates and lanes as keyed singletons, and a graceful shutdown inside a host.</summary>
public sealed class AsyncKitServiceCollectionExtensionsTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public async Task A_gate_and_a_lane_of_a_name_are_one_object_with_that_name_and_the_clock_of_the_container()
    {
        await using var host = await TestHost.StartAsync(services => services
            .AddConcurrencyGate("g", limit: 3)
            .AddBlockingLane("l", maxThreads: 2)
            .AddTransient<User>());

        var (one, other) = (host.Services.GetRequiredService<User>(), host.Services.GetRequiredService<User>());

        Assert.Same(one.Gate, other.Gate);
        Assert.Same(one.Lane, other.Lane);
        Assert.Equal(("g", 3, host.Time), (one.Gate.Name, one.Gate.Limit, one.Gate.TimeProvider));
        Assert.Equal(("l", 2), (one.Lane.Name, one.Lane.MaxThreads));
    }

    [Fact]
    public async Task An_adaptive_gate_starts_at_its_start()
    {
        await using var host = await TestHost.StartAsync(
            services => services.AddConcurrencyGate("g", new AdaptiveLimit(2, 50) { Start = 7 }));

        Assert.Equal(7, host.Services.GetRequiredKeyedService<ConcurrencyGate>("g").Limit);
    }

    [Fact]
    public async Task A_lane_with_another_name_in_its_options_keeps_it()
    {
        await using var host = await TestHost.StartAsync(services => services
            .AddBlockingLane("l", new BlockingLaneOptions { Name = "soap", MaxThreads = 1 })
            .AddBlockingLane("m", new BlockingLaneOptions { MaxThreads = 1 }));

        Assert.Equal("soap", host.Services.GetRequiredKeyedService<BlockingLane>("l").Name);
        Assert.Equal("m", host.Services.GetRequiredKeyedService<BlockingLane>("m").Name);
    }

    [Fact]
    public async Task Abandoned_work_of_a_lane_is_logged_by_the_logger_of_the_container()
    {
        await using var host = await TestHost.StartAsync(services => services.AddBlockingLane("l", maxThreads: 1));
        var lane = host.Services.GetRequiredKeyedService<BlockingLane>("l");
        using var cancel = new CancellationTokenSource();
        using var release = new ManualResetEventSlim();
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var work = lane.RunAsync(
            () =>
            {
                started.SetResult(); // Work that has a thread but was not called yet would be cancelled instead.
                release.Wait();
                throw new IOException("late");
            },
            OnCancel.Abandon,
            cancel.Token);
        await started.Task.OrHangs();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => work).OrHangs();

        release.Set();

        await Hang.UntilAsync(() => host.Log.All.Any(line => line.Exception is IOException));
    }

    [Fact]
    public void A_wrong_argument_throws_at_the_call()
    {
        var services = new ServiceCollection();

        Assert.Throws<ArgumentOutOfRangeException>("limit", () => services.AddConcurrencyGate("g", -1));
        Assert.Throws<ArgumentOutOfRangeException>("maxThreads", () => services.AddBlockingLane("l", 0));
        Assert.Throws<ArgumentException>("name", () => services.AddBlockingLane("", 1));
        Assert.Throws<ArgumentNullException>("name", () => services.AddConcurrencyGate(null!, 1));
        Assert.Throws<ArgumentNullException>("options", () => services.AddBlockingLane("l", (BlockingLaneOptions)null!));
        Assert.Throws<ArgumentOutOfRangeException>("maxWait", () => services.AddHealthChecks().AddBlockingLane("l", TimeSpan.Zero));
    }

    /// <summary>The host handles the signals; the shutdown inside follows its token.</summary>
    [Fact]
    public async Task A_shutdown_without_signals_follows_the_stop_of_the_host()
    {
        await using var host = await TestHost.StartAsync(_ => { });
        var isDrained = false;
        var work = GracefulShutdown.RunAsync(
            async shutdown =>
            {
                var stopping = new TaskCompletionSource();
                await using var registration = shutdown.Stopping.Register(stopping.SetResult);
                await stopping.Task;
                isDrained = !shutdown.Aborting.IsCancellationRequested;
            },
            new GracefulShutdownOptions { Signals = [] },
            host.Stopping);

        await host.StopAsync();

        Assert.Equal(0, await work.OrHangs());
        Assert.True(isDrained);
    }

    private sealed class User(
        [FromKeyedServices("g")] ConcurrencyGate gate, [FromKeyedServices("l")] BlockingLane lane)
    {
        public ConcurrencyGate Gate => gate;

        public BlockingLane Lane => lane;
    }
}
