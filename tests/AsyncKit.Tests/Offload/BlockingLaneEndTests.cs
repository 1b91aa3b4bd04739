using AsyncKit.Testing;
using Microsoft.Extensions.Logging;

namespace AsyncKit.Tests;

/// <summary>How a lane ends, and what a full one does.</summary>
public sealed class BlockingLaneEndTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public async Task Disposing_refuses_new_work_cancels_what_waits_and_ends_after_what_runs()
    {
        var lane = Lanes.Of(1);
        using var gate = new BlockingGate();
        var running = lane.RunAsync(() =>
        {
            gate.Pass();
            return Thread.CurrentThread;
        });
        await gate.ArrivedAsync(1);
        var hasRun = false;
        var waiting = lane.RunAsync(() => hasRun = true);

        var end = lane.DisposeAsync().AsTask();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting).OrHangs();
        var refused = lane.RunAsync(() => hasRun = true);
        Assert.Contains("'test'", (await Assert.ThrowsAsync<ObjectDisposedException>(() => refused).OrHangs()).Message, StringComparison.Ordinal);
        Assert.False(end.IsCompleted);

        gate.Open();
        await end.OrHangs();
        Assert.True(running.IsCompletedSuccessfully);
        Assert.Equal((0, 0, 0), (lane.Threads, lane.Active, lane.Queued));
        Assert.False(hasRun);
        var thread = await running;
        await Hang.UntilAsync(() => !thread.IsAlive);
    }

    [Fact]
    public async Task Disposing_waits_for_abandoned_work_too()
    {
        var lane = Lanes.Of(1);
        using var gate = new BlockingGate();
        using var source = new CancellationTokenSource();
        var work = lane.RunAsync(() => gate.Pass(CancellationToken.None), OnCancel.Abandon, source.Token);
        await gate.ArrivedAsync(1);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => work).OrHangs();

        var end = lane.DisposeAsync().AsTask();
        Assert.False(end.IsCompleted);

        gate.Open();
        await end.OrHangs();
    }

    [Fact]
    public async Task Disposing_waits_for_an_idle_thread_that_still_logs_what_abandoned_work_has_thrown()
    {
        using var logging = new BlockingGate();
        using var gate = new BlockingGate();
        using var source = new CancellationTokenSource();
        var lane = new BlockingLane(new BlockingLaneOptions { MaxThreads = 1, Logger = new BlockingLogger(logging) });
        var work = lane.RunAsync(
            () =>
            {
                gate.Pass(CancellationToken.None);
                throw new InvalidOperationException("late");
            },
            OnCancel.Abandon,
            source.Token);
        await gate.ArrivedAsync(1);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => work).OrHangs();
        gate.Open();
        await logging.ArrivedAsync(1);
        Assert.Equal((1, 0), (lane.Threads, lane.Active));

        var end = lane.DisposeAsync().AsTask();
        Assert.False(end.IsCompleted);

        logging.Open();
        await end.OrHangs();
    }

    [Fact]
    public async Task A_timer_that_a_thread_sets_while_the_lane_is_disposed_is_disposed_too()
    {
        using var creating = new BlockingGate();
        var time = new VirtualTime();
        var lane = new BlockingLane(new BlockingLaneOptions { MaxThreads = 1, TimeProvider = new LateTimers(time, creating) });
        Assert.Equal(1, await lane.RunAsync(() => 1).OrHangs());
        await creating.ArrivedAsync(1);

        var end = lane.DisposeAsync().AsTask();
        creating.Open();
        await end.OrHangs();

        Assert.Equal(0, time.PendingTimers);
    }

    [Fact]
    public async Task Disposing_twice_and_disposing_what_was_never_used_are_fine()
    {
        var lane = Lanes.Of(1);
        await lane.DisposeAsync().AsTask().OrHangs();
        await lane.DisposeAsync().AsTask().OrHangs();

        var used = Lanes.Of(2);
        await used.RunAsync(() => { }).OrHangs();
        await Task.WhenAll(used.DisposeAsync().AsTask(), used.DisposeAsync().AsTask()).OrHangs();
        Assert.Equal(0, used.Threads);
    }

    [Fact]
    public async Task Work_that_disposes_its_own_lane_is_refused()
    {
        await using var lane = Lanes.Of(1);

        var refused = lane.RunAsync(() => { _ = lane.DisposeAsync().AsTask(); });

        await Assert.ThrowsAsync<InvalidOperationException>(() => refused).OrHangs();
        Assert.Equal(1, await lane.RunAsync(() => 1).OrHangs());
    }

    [Fact]
    public async Task Reject_a_full_lane_refuses_work_that_then_never_runs()
    {
        await using var lane = new BlockingLane(new BlockingLaneOptions
        {
            Name = "db",
            MaxThreads = 1,
            MaxQueued = 2,
            WhenFull = WhenFull.Reject,
        });
        using var gate = new BlockingGate();
        var hasRun = false;
        var busy = lane.RunAsync(() => gate.Pass());
        await gate.ArrivedAsync(1);
        using var source = new CancellationTokenSource();
        var queued = lane.RunAsync(() => 1);
        var left = lane.RunAsync(() => 2, source.Token);

        var refused = lane.RunAsync(() => hasRun = true);
        var thrown = await Assert.ThrowsAsync<BlockingLaneFullException>(() => refused).OrHangs();
        Assert.Equal(
            "The lane 'db' is full: its threads (1) are busy and its queue (2) has no room. "
            + "Call again later, or raise MaxThreads or MaxQueued.",
            thrown.Message);

        await source.CancelAsync(); // Makes room.
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left).OrHangs();
        var instead = lane.RunAsync(() => 3);
        gate.Open();

        Assert.Equal((1, 3), (await queued.OrHangs(), await instead.OrHangs()));
        await busy;
        Assert.False(hasRun);
    }

    [Fact]
    public async Task Reject_without_a_queue_takes_what_finds_a_thread()
    {
        await using var lane = new BlockingLane(new BlockingLaneOptions
        {
            MaxThreads = 1,
            MaxQueued = 0,
            WhenFull = WhenFull.Reject,
        });

        for (var call = 0; call < 100; call++)
        {
            Assert.Equal(call, await lane.RunAsync(() => call).OrHangs());
        }
    }

    [Fact]
    public async Task Wait_a_full_lane_refuses_nothing_and_keeps_the_order()
    {
        await using var lane = new BlockingLane(new BlockingLaneOptions { MaxThreads = 1, MaxQueued = 1 });
        using var gate = new BlockingGate();
        List<int> order = [];
        var busy = lane.RunAsync(() => gate.Pass());
        var all = Enumerable.Range(0, 10).Select(call => lane.RunAsync(() => order.Add(call))).ToList();
        await gate.ArrivedAsync(1);
        Assert.Equal(10, lane.Queued);

        gate.Open();
        await Task.WhenAll(all).OrHangs();
        await busy;

        Assert.Equal(Enumerable.Range(0, 10), order);
    }

    private sealed class LateTimers(VirtualTime time, BlockingGate gate) : TimeProvider
    {
        public override long TimestampFrequency => time.TimestampFrequency;

        public override long GetTimestamp() => time.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            gate.Pass();
            return time.CreateTimer(callback, state, dueTime, period);
        }
    }

    private sealed class BlockingLogger(BlockingGate gate) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            gate.Pass();
    }
}
