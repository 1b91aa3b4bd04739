using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>Disposal of a lane, and calls to a full lane.</summary>
public sealed class BlockingLaneDisposalTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public async Task Disposal_refuses_new_work_cancels_queued_work_and_waits_for_running_work()
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

        var disposal = lane.DisposeAsync().AsTask();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting).OrHangs();
        var refused = lane.RunAsync(() => hasRun = true);
        var thrown = await Assert.ThrowsAsync<ObjectDisposedException>(() => refused).OrHangs();
        Assert.Contains("'test'", thrown.Message, StringComparison.Ordinal);
        Assert.False(disposal.IsCompleted);

        gate.Open();
        await disposal.OrHangs();
        Assert.True(running.IsCompletedSuccessfully);
        Assert.Equal((0, 0, 0), (lane.Threads, lane.Active, lane.Queued));
        Assert.False(hasRun);
        var thread = await running;
        await Hang.UntilAsync(() => !thread.IsAlive);
    }

    [Fact]
    public async Task Disposal_waits_for_abandoned_work()
    {
        var lane = Lanes.Of(1);
        using var gate = new BlockingGate();
        using var source = new CancellationTokenSource();
        var work = lane.RunAsync(() => gate.Pass(CancellationToken.None), OnCancel.Abandon, source.Token);
        await gate.ArrivedAsync(1);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => work).OrHangs();

        var disposal = lane.DisposeAsync().AsTask();
        Assert.False(disposal.IsCompleted);

        gate.Open();
        await disposal.OrHangs();
    }

    [Fact]
    public async Task Disposal_waits_for_a_thread_that_is_logging_a_failure_of_abandoned_work()
    {
        using var logging = new BlockingGate();
        var lane = new BlockingLane(
            new BlockingLaneOptions { MaxThreads = 1, Logger = new LogLines { OnLine = () => logging.Pass() } });
        await Lanes.AbandonFailingWorkAsync(lane);
        await logging.ArrivedAsync(1);
        Assert.Equal((1, 0), (lane.Threads, lane.Active));

        var disposal = lane.DisposeAsync().AsTask();
        Assert.False(disposal.IsCompleted);

        logging.Open();
        await disposal.OrHangs();
    }

    [Fact]
    public async Task A_timer_created_during_disposal_is_disposed()
    {
        using var creating = new BlockingGate();
        var time = new VirtualTime();
        var lane = new BlockingLane(new BlockingLaneOptions { MaxThreads = 1, TimeProvider = new LateTimers(time, creating) });
        Assert.Equal(1, await lane.RunAsync(() => 1).OrHangs());
        await creating.ArrivedAsync(1);

        var disposal = lane.DisposeAsync().AsTask();
        creating.Open();
        await disposal.OrHangs();

        Assert.Equal(0, time.PendingTimers);
    }

    [Fact]
    public async Task Disposal_can_be_repeated_and_works_on_an_unused_lane()
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
    public async Task Disposal_by_work_on_the_same_lane_is_refused()
    {
        await using var lane = Lanes.Of(1);

        var refused = lane.RunAsync(() => { _ = lane.DisposeAsync().AsTask(); });

        await Assert.ThrowsAsync<InvalidOperationException>(() => refused).OrHangs();
        Assert.Equal(1, await lane.RunAsync(() => 1).OrHangs());
    }

    [Fact]
    public async Task With_Reject_a_full_lane_refuses_work_and_never_runs_it()
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
        var cancelled = lane.RunAsync(() => 2, source.Token);

        var refused = lane.RunAsync(() => hasRun = true);
        var thrown = await Assert.ThrowsAsync<BlockingLaneFullException>(() => refused).OrHangs();
        Assert.Equal(
            "The lane 'db' is full: its threads (1) are busy and its queue (2) has no room. "
            + "Call again later, or raise MaxThreads or MaxQueued.",
            thrown.Message);

        await source.CancelAsync(); // Frees a queue position.
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled).OrHangs();
        var replacement = lane.RunAsync(() => 3);
        gate.Open();

        Assert.Equal((1, 3), (await queued.OrHangs(), await replacement.OrHangs()));
        await busy;
        Assert.False(hasRun);
    }

    [Fact]
    public async Task With_Reject_and_no_queue_work_runs_while_a_thread_is_free()
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
    public async Task With_Wait_a_full_lane_refuses_nothing_and_keeps_the_order()
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
}
