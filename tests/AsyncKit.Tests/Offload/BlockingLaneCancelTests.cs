namespace AsyncKit.Tests;

/// <summary>Cancellation before work starts and while it runs.</summary>
public sealed class BlockingLaneCancelTests : IClassFixture<NothingLeftBehind>
{
    public static TheoryData<OnCancel> Choices => [OnCancel.Wait, OnCancel.Abandon, OnCancel.Interrupt];

    public static TheoryData<string> ManagedWaits =>
        ["Sleep", "Monitor.Wait", "lock", "Join", "ManualResetEventSlim", "ManualResetEvent", "SemaphoreSlim", "Task.Wait"];

    [Theory]
    [MemberData(nameof(Choices))]
    public async Task Work_cancelled_before_it_starts_never_runs_and_its_task_completes_at_once(OnCancel onCancel)
    {
        await using var lane = Lanes.Of(1);
        using var gate = new BlockingGate();
        using var source = new CancellationTokenSource();
        var busy = lane.RunAsync(() => gate.Pass());
        await gate.ArrivedAsync(1);
        var hasRun = false;
        var waiting = lane.RunAsync(() => { hasRun = true; }, onCancel, source.Token);
        var behind = lane.RunAsync(() => 1);
        Assert.Equal(2, lane.Queued);

        await source.CancelAsync();
        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting).OrHangs();
        Assert.Equal(source.Token, thrown.CancellationToken);
        Assert.Equal(1, lane.Queued);

        gate.Open();
        Assert.Equal(1, await behind.OrHangs());
        await busy;
        Assert.False(hasRun);
    }

    [Theory]
    [MemberData(nameof(Choices))]
    public async Task A_token_cancelled_before_the_call_yields_a_cancelled_task_and_starts_no_thread(OnCancel onCancel)
    {
        await using var lane = Lanes.Of(1);
        var token = new CancellationToken(canceled: true);

        var work = lane.RunAsync(() => 1, onCancel, token);

        Assert.True(work.IsCanceled);
        Assert.Equal(0, lane.Threads);
    }

    [Fact]
    public async Task With_Wait_a_success_after_the_cancellation_is_a_success()
    {
        await using var lane = Lanes.Of(1);
        using var gate = new BlockingGate();
        using var source = new CancellationTokenSource();
        var work = lane.RunAsync(
            () =>
            {
                gate.Pass(CancellationToken.None);
                return 7;
            },
            source.Token);
        await gate.ArrivedAsync(1);

        await source.CancelAsync();
        Assert.False(work.IsCompleted);
        gate.Open();

        Assert.Equal(7, await work.OrHangs());
    }

    [Theory]
    [MemberData(nameof(Choices))]
    public async Task Work_that_checks_its_token_is_cancelled(OnCancel onCancel)
    {
        await using var lane = Lanes.Of(1);
        using var gate = new BlockingGate();
        using var source = new CancellationTokenSource();
        var work = lane.RunAsync(token => gate.Pass(token), onCancel, source.Token);
        await gate.ArrivedAsync(1);

        await source.CancelAsync();

        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => work).OrHangs();
        Assert.Equal(source.Token, thrown.CancellationToken);
        Assert.True(work.IsCanceled);
    }

    [Fact]
    public async Task An_OperationCanceledException_without_a_cancelled_token_is_a_failure()
    {
        await using var lane = Lanes.Of(1);
        using var source = new CancellationTokenSource();

        var unrelated = lane.RunAsync<int>(() => throw new OperationCanceledException("unrelated"), source.Token);

        Assert.Equal("unrelated", (await Assert.ThrowsAsync<OperationCanceledException>(() => unrelated).OrHangs()).Message);
        Assert.True(unrelated.IsFaulted);
    }

    [Theory]
    [MemberData(nameof(Choices))]
    public async Task Await_throws_any_other_exception_of_the_work_unchanged(OnCancel onCancel)
    {
        await using var lane = Lanes.Of(1);
        var exception = new FormatException("unchanged");

        var work = lane.RunAsync(() => throw exception, onCancel);

        Assert.Same(exception, await Assert.ThrowsAsync<FormatException>(() => work).OrHangs());
        Assert.Contains(nameof(BlockingLaneCancelTests), exception.StackTrace, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_Abandon_the_task_is_cancelled_at_once_and_the_thread_stays_busy_until_work_returns()
    {
        await using var lane = Lanes.Of(1);
        using var gate = new BlockingGate();
        using var source = new CancellationTokenSource();
        var work = lane.RunAsync(() => gate.Pass(CancellationToken.None), OnCancel.Abandon, source.Token);
        await gate.ArrivedAsync(1);

        await source.CancelAsync();
        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => work).OrHangs();
        Assert.Equal(source.Token, thrown.CancellationToken);
        Assert.Equal((1, 1), (lane.Threads, lane.Active));

        var next = lane.RunAsync(() => 1);
        Assert.Equal(1, lane.Queued);
        gate.Open();
        Assert.Equal(1, await next.OrHangs());
        Assert.Equal((1, 0, 0), (lane.Threads, lane.Active, lane.Queued));
    }

    [Fact]
    public async Task An_exception_of_abandoned_work_is_logged_and_observed()
    {
        var log = new LogLines();
        await using (var lane = new BlockingLane(new BlockingLaneOptions { Name = "db", MaxThreads = 1, Logger = log }))
        {
            await Lanes.AbandonFailingWorkAsync(lane);
        }

        var line = Assert.Single(log.All);
        Assert.Equal((40, "too late"), (line.Id, line.Exception?.Message));
        Assert.Equal("Work on the lane db failed after its caller abandoned it; dropping the exception.", line.Text);
    }

    [Theory]
    [MemberData(nameof(ManagedWaits))]
    public async Task An_interrupt_reaches_the_managed_wait_that_the_work_is_in(string kind)
    {
        await using var lane = Lanes.Of(1);
        using var source = new CancellationTokenSource();
        var started = new TestGate();
        var locked = new object();
        using var never = new ManualResetEventSlim();
        using var neverToo = new ManualResetEvent(initialState: false);
        using var none = new SemaphoreSlim(0);
        Thread? thread = null;

        await using var holder = Lanes.Of(1);
        using var holding = new BlockingGate();
        var held = holder.RunAsync(() =>
        {
            Monitor.Enter(locked);
            holding.Pass();
            Monitor.Exit(locked);
        });
        await holding.ArrivedAsync(1);

        var work = lane.RunAsync(Wait, OnCancel.Interrupt, source.Token);
        await started.ArrivedAsync(1);
        await Hang.UntilAsync(() => thread!.ThreadState.HasFlag(ThreadState.WaitSleepJoin));
        await source.CancelAsync();

        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => work).OrHangs();
        Assert.Equal(source.Token, thrown.CancellationToken);
        holding.Open();
        await held.OrHangs();
        Assert.Same(thread, await lane.RunAsync(ThreadAfterAWait).OrHangs());

        void Wait()
        {
            thread = Thread.CurrentThread;
            started.Arrive();
            switch (kind)
            {
                case "Sleep":
                    Thread.Sleep(Timeout.Infinite);
                    break;
                case "Monitor.Wait":
                    Monitor.Enter(never);
                    Monitor.Wait(never);
                    break;
                case "lock":
                    Monitor.Enter(locked);
                    break;
                case "Join":
                    Thread.CurrentThread.Join();
                    break;
                case "ManualResetEventSlim":
                    never.Wait(CancellationToken.None);
                    break;
                case "ManualResetEvent":
                    neverToo.WaitOne();
                    break;
                case "SemaphoreSlim":
                    none.Wait(CancellationToken.None);
                    break;
                default:
#pragma warning disable VSTHRD002 // It is one of the tested waits.
                    new TaskCompletionSource().Task.Wait(CancellationToken.None);
#pragma warning restore VSTHRD002
                    break;
            }
        }
    }

    [Fact]
    public async Task An_interrupt_reaches_the_next_wait_if_the_work_is_not_waiting()
    {
        await using var lane = Lanes.Of(1);
        using var source = new CancellationTokenSource();

        var work = lane.RunAsync(
            () =>
            {
                source.Cancel();
                Lanes.AnyWait();
            },
            OnCancel.Interrupt,
            source.Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => work).OrHangs();
        Assert.True(work.IsCanceled);
    }

    [Fact]
    public async Task A_late_interrupt_never_reaches_the_next_work_item()
    {
        await using var lane = Lanes.Of(1);
        for (var call = 0; call < 100; call++)
        {
            using var source = new CancellationTokenSource();

            var work = lane.RunAsync(
                () =>
                {
                    source.Cancel(); // No wait follows.
                    return 7;
                },
                OnCancel.Interrupt,
                source.Token);
            var next = lane.RunAsync(ThreadAfterAWait);

            Assert.Equal(7, await work.OrHangs());
            Assert.Equal("AsyncKit:test-1", (await next.OrHangs()).Name);
        }
    }

    [Fact]
    public async Task A_logger_that_throws_does_not_end_the_thread_of_abandoned_work()
    {
        var logger = new LogLines { Fault = new FormatException("logger") };
        await using var lane = new BlockingLane(new BlockingLaneOptions { Name = "test", MaxThreads = 1, Logger = logger });
        await Lanes.AbandonFailingWorkAsync(lane);

        Assert.Equal("AsyncKit:test-1", await lane.RunAsync(Lanes.ThreadName).OrHangs());
        Assert.Single(logger.All);
    }

    [Fact]
    public async Task An_interrupt_while_a_lane_thread_waits_for_the_engines_lock_does_not_end_the_thread()
    {
        using var gate = new BlockingGate();
        using var clock = new InterruptingClock();
        var engine = new LaneEngine(new BlockingLaneOptions { Name = "test", MaxThreads = 1, TimeProvider = clock });
        var item = new LaneItem<BlockingGate, int>(engine, Work, gate, OnCancel.Wait, CancellationToken.None);
        engine.Enqueue(item, parent: null);
        await gate.ArrivedAsync(1);

        lock (LockOf(engine))
        {
            gate.Open();
            Assert.True(clock.Interrupted.Wait(TimeSpan.FromSeconds(30)));
            Assert.True(SpinWait.SpinUntil(() => IsWaiting(clock.Thread!), TimeSpan.FromSeconds(30)));
        }

        Assert.Equal(1, await item.Task.OrHangs());
        await engine.CloseAsync().OrHangs();

        static int Work(BlockingGate gate, CancellationToken token)
        {
            gate.Pass(token);
            return 1;
        }

        static bool IsWaiting(Thread thread) => thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin);
    }

    [Fact]
    public async Task An_interrupt_by_user_code_reaches_neither_the_next_work_item_nor_the_lanes_waits()
    {
        await using var lane = Lanes.Of(1);

        var thread = await lane.RunAsync(() =>
        {
            Thread.CurrentThread.Interrupt();
            return Thread.CurrentThread;
        }).OrHangs();
        Assert.Same(thread, await lane.RunAsync(ThreadAfterAWait).OrHangs());

        await Hang.UntilAsync(() => thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin));
        thread.Interrupt(); // The thread sleeps.
        Assert.Same(thread, await lane.RunAsync(ThreadAfterAWait).OrHangs());
    }

    [Fact]
    public async Task A_ThreadInterruptedException_without_an_interrupt_by_the_lane_is_a_failure()
    {
        await using var lane = Lanes.Of(1);
        using var source = new CancellationTokenSource();

        var work = lane.RunAsync(
            () =>
            {
                Thread.CurrentThread.Interrupt();
                Lanes.AnyWait();
            },
            OnCancel.Interrupt,
            source.Token);

        await Assert.ThrowsAsync<ThreadInterruptedException>(() => work).OrHangs();
    }

    [Theory]
    [MemberData(nameof(Choices))]
    public async Task A_token_cancelled_after_completion_has_no_effect(OnCancel onCancel)
    {
        await using var lane = Lanes.Of(1);
        using var source = new CancellationTokenSource();

        Assert.Equal(1, await lane.RunAsync(() => 1, onCancel, source.Token).OrHangs());
        await source.CancelAsync();

        Assert.Equal("AsyncKit:test-1", (await lane.RunAsync(ThreadAfterAWait).OrHangs()).Name);
    }

    [Fact]
    public async Task Cancelling_100_000_queued_calls_leaves_an_empty_queue()
    {
        await using var lane = Lanes.Of(1);
        using var gate = new BlockingGate();
        using var source = new CancellationTokenSource();
        var busy = lane.RunAsync(() => gate.Pass());
        var all = Enumerable.Range(0, 100_000).Select(_ => lane.RunAsync(() => { }, source.Token)).ToList();

        await source.CancelAsync();

        Assert.Equal(0, lane.Queued);
        Assert.All(all, one => Assert.True(one.IsCanceled));
        gate.Open();
        await busy.OrHangs();
    }

    private static Thread ThreadAfterAWait()
    {
        Lanes.AnyWait();
        return Thread.CurrentThread;
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_lock")]
    private static extern ref Lock LockOf(LaneEngine engine);

    /// <summary>Interrupts the first thread that reads it. The lane's thread does so before it frees itself.</summary>
    private sealed class InterruptingClock : TimeProvider, IDisposable
    {
        public ManualResetEventSlim Interrupted { get; } = new();

        public Thread? Thread { get; private set; }

        public override long GetTimestamp()
        {
            if (Thread is null)
            {
                Thread = Thread.CurrentThread;
                Thread.Interrupt();
                Interrupted.Set();
            }

            return base.GetTimestamp();
        }

        public void Dispose() => Interrupted.Dispose();
    }
}
