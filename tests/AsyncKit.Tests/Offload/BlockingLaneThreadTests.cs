using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>The threads of a lane and the contexts in which work runs.</summary>
public sealed class BlockingLaneThreadTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public async Task Work_never_runs_on_the_thread_pool_and_never_on_the_callers_thread()
    {
        await using var lane = new BlockingLane(new BlockingLaneOptions { Name = "files", MaxThreads = 2 });

        var thread = await lane.RunAsync(() => Thread.CurrentThread).OrHangs();

        Assert.False(thread.IsThreadPoolThread);
        Assert.NotSame(Thread.CurrentThread, thread);
    }

    [Fact]
    public async Task Threads_are_background_threads_named_AsyncKit_lane_n()
    {
        await using var lane = new BlockingLane(new BlockingLaneOptions { Name = "files", MaxThreads = 2 });
        using var gate = new BlockingGate();

        var first = lane.RunAsync(() => NameAndKind(gate));
        var second = lane.RunAsync(() => NameAndKind(gate));
        await gate.ArrivedAsync(2);
        gate.Open();

        Assert.Equal(("AsyncKit:files-1", true), await first.OrHangs());
        Assert.Equal(("AsyncKit:files-2", true), await second.OrHangs());

        static (string Name, bool IsBackground) NameAndKind(BlockingGate gate)
        {
            gate.Pass();
            return (Lanes.ThreadName(), Thread.CurrentThread.IsBackground);
        }
    }

    [Fact]
    public async Task A_lane_reaches_MaxThreads_threads_and_never_exceeds_it()
    {
        await using var lane = Lanes.Of(3);
        using var gate = new BlockingGate();
        var all = Enumerable.Range(0, 7).Select(_ => lane.RunAsync(() => gate.Pass())).ToList();

        await gate.ArrivedAsync(3);
        Assert.Equal((3, 3, 4), (lane.Threads, lane.Active, lane.Queued));
        gate.Open();
        await Task.WhenAll(all).OrHangs();

        Assert.Equal((7, 3), (gate.Arrivals, gate.Peak));
        Assert.Equal((3, 0, 0), (lane.Threads, lane.Active, lane.Queued));
    }

    [Fact]
    public async Task Threads_start_on_demand()
    {
        await using var lane = Lanes.Of(64);
        Assert.Equal(0, lane.Threads);

        for (var call = 0; call < 50; call++)
        {
            Assert.Equal("AsyncKit:test-1", await lane.RunAsync(Lanes.ThreadName).OrHangs());
        }

        Assert.Equal(1, lane.Threads);
    }

    [Fact]
    public async Task Threads_are_reused_most_recently_idle_first()
    {
        await using var lane = Lanes.Of(3);
        using var gates = new Gates(3);
        var all = gates.Each.Select(gate => lane.RunAsync(() => gate.Pass())).ToList();
        await Task.WhenAll(gates.Each.Select(gate => gate.ArrivedAsync(1))).OrHangs();

        foreach (var order in (int[])[1, 0, 2])
        {
            gates.Each[order].Open();
            await all[order].OrHangs();
        }

        using var again = new BlockingGate();
        List<string> names = [];
        for (var call = 1; call <= 3; call++)
        {
            _ = lane.RunAsync(() =>
            {
                names.Add(Lanes.ThreadName());
                again.Pass();
            });
            await again.ArrivedAsync(call);
        }

        Assert.Equal(["AsyncKit:test-3", "AsyncKit:test-1", "AsyncKit:test-2"], names);
    }

    [Fact]
    public async Task Threads_exit_after_the_idle_time_the_oldest_first()
    {
        var time = new VirtualTime();
        await using var lane = new BlockingLane(new BlockingLaneOptions
        {
            Name = "test",
            MaxThreads = 2,
            IdleTimeout = TimeSpan.FromSeconds(10),
            TimeProvider = time,
        });
        using var gate = new BlockingGate();
        var both = new[] { lane.RunAsync(() => gate.Pass()), lane.RunAsync(() => gate.Pass()) };
        await gate.ArrivedAsync(2);
        gate.Open();
        await Task.WhenAll(both).OrHangs();
        await Hang.UntilAsync(() => time.PendingTimers == 1);

        time.Advance(TimeSpan.FromSeconds(6));
        await lane.RunAsync(Lanes.ThreadName).OrHangs();
        time.Advance(TimeSpan.FromSeconds(3.9));
        Assert.Equal(2, lane.Threads);
        time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal(1, lane.Threads);
        time.Advance(TimeSpan.FromSeconds(5.9));
        Assert.Equal(1, lane.Threads);
        time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal((0, 0), (lane.Threads, time.PendingTimers));

        Assert.Equal("AsyncKit:test-3", await lane.RunAsync(Lanes.ThreadName).OrHangs());
        await Hang.UntilAsync(() => time.PendingTimers == 1); // The second time it uses the same timer.
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal((0, 0), (lane.Threads, time.PendingTimers));
    }

    [Fact]
    public async Task An_expired_thread_is_no_longer_alive()
    {
        await using var lane = new BlockingLane(new BlockingLaneOptions { MaxThreads = 2, IdleTimeout = TimeSpan.Zero });

        var thread = await lane.RunAsync(() => Thread.CurrentThread).OrHangs();

        await Hang.UntilAsync(() => !thread.IsAlive);
        Assert.Equal(0, lane.Threads);
    }

    [Fact]
    public async Task With_an_infinite_idle_time_threads_stay_and_no_timer_is_set()
    {
        var time = new VirtualTime();
        await using var lane = new BlockingLane(new BlockingLaneOptions
        {
            MaxThreads = 2,
            IdleTimeout = Timeout.InfiniteTimeSpan,
            TimeProvider = time,
        });

        var thread = await lane.RunAsync(() => Thread.CurrentThread).OrHangs();
        await Hang.UntilAsync(() => thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin));

        Assert.Equal((1, 0), (lane.Threads, time.PendingTimers));
    }

    [Fact]
    public async Task The_callers_continuations_run_on_the_thread_pool()
    {
        await using var lane = Lanes.Of(1);
        using var gate = new BlockingGate();
        var work = lane.RunAsync(() => gate.Pass());

        var continuation = work.ContinueWith(
            _ => Thread.CurrentThread.IsThreadPoolThread,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        gate.Open();

        Assert.True(await continuation.OrHangs());
    }

    [Fact]
    public async Task The_thread_is_free_before_the_task_completes()
    {
        await using var lane = Lanes.Of(2);

        for (var call = 0; call < 1_000; call++)
        {
            await lane.RunAsync(() => { }).OrHangs();
            Assert.Equal((1, 0), (lane.Threads, lane.Active));
        }
    }

    [Fact]
    public async Task Work_starts_in_the_order_of_the_calls()
    {
        await using var lane = Lanes.Of(1);
        using var gate = new BlockingGate();
        var first = lane.RunAsync(() => gate.Pass());
        List<int> order = [];
        var all = Enumerable.Range(0, 100).Select(call => lane.RunAsync(() => order.Add(call))).ToList();

        gate.Open();
        await Task.WhenAll(all).OrHangs();
        await first;

        Assert.Equal(Enumerable.Range(0, 100), order);
    }

    [Fact]
    public async Task Each_work_item_runs_in_the_ExecutionContext_of_its_call()
    {
        await using var lane = Lanes.Of(1);
        using var gate = new BlockingGate();
        var local = new AsyncLocal<string> { Value = "first" };
        var first = lane.RunAsync(() =>
        {
            gate.Pass();
            var seen = local.Value;
            local.Value = "set by the first";
            return seen;
        });
        local.Value = "second";
        var second = lane.RunAsync(() => local.Value);
        local.Value = "later";
        using (ExecutionContext.SuppressFlow())
        {
            gate.Open();
        }

        Assert.Equal("first", await first.OrHangs());
        Assert.Equal("second", await second.OrHangs());
        Assert.Equal("later", local.Value);
    }

    [Fact]
    public async Task An_AsyncLocal_value_is_not_visible_to_the_next_work_item_even_without_flow()
    {
        await using var lane = Lanes.Of(1);
        var local = new AsyncLocal<string>();

        Task<string?> first, second;
        using (ExecutionContext.SuppressFlow())
        {
            first = lane.RunAsync<string?>(() => local.Value = "set by the first");
            second = lane.RunAsync(() => local.Value);
        }

        await first.OrHangs();
        Assert.Null(await second.OrHangs());
    }

    [Fact]
    public async Task A_SynchronizationContext_set_by_work_is_not_visible_to_the_next_work_item()
    {
        await using var lane = Lanes.Of(1);

        await lane.RunAsync(() => SynchronizationContext.SetSynchronizationContext(new SynchronizationContext())).OrHangs();

        Assert.Null(await lane.RunAsync(() => SynchronizationContext.Current).OrHangs());
    }

    [Fact]
    public async Task A_thread_that_fails_to_start_fails_the_work_if_no_other_thread_exists()
    {
        var mayStart = false;
        var engine = new LaneEngine(new BlockingLaneOptions { MaxThreads = 1 }, thread =>
        {
            if (!mayStart)
            {
                throw new InvalidOperationException("no thread");
            }

            thread.UnsafeStart();
        });
        var first = NewItem(engine);
        engine.Enqueue(first, null);

        await Assert.ThrowsAsync<InvalidOperationException>(() => first.Task).OrHangs();
        Assert.Equal((0, 0, 0), (engine.Threads, engine.Active, engine.Queued));

        mayStart = true;
        var second = NewItem(engine);
        engine.Enqueue(second, null);
        Assert.Equal(1, await second.Task.OrHangs());
        await engine.CloseAsync().OrHangs();
    }

    [Fact]
    public async Task A_thread_that_fails_to_start_leaves_the_work_to_other_threads_in_order()
    {
        using var gate = new BlockingGate();
        var starts = 0;
        var engine = new LaneEngine(new BlockingLaneOptions { MaxThreads = 3 }, thread =>
        {
            if (starts++ > 0)
            {
                throw new InvalidOperationException("no second thread");
            }

            thread.UnsafeStart();
        });
        var first = NewItem(engine, () => gate.Pass());
        var order = new List<int>();
        var others = new[] { NewItem(engine, () => order.Add(1)), NewItem(engine, () => order.Add(2)) };
        engine.Enqueue(first, null);
        await gate.ArrivedAsync(1);
        engine.Enqueue(others[0], null);
        engine.Enqueue(others[1], null);
        Assert.Equal((1, 1, 2), (engine.Threads, engine.Active, engine.Queued));

        gate.Open();
        var results = await Task.WhenAll(first.Task, others[0].Task, others[1].Task).OrHangs();
        Assert.Equal([1, 1, 1], results);
        Assert.Equal([1, 2], order);
        await engine.CloseAsync().OrHangs();
    }

    private static LaneItem<Action?, int> NewItem(LaneEngine engine, Action? work = null) => new(
        engine,
        static (work, _) =>
        {
            work?.Invoke();
            return 1;
        },
        work,
        OnCancel.Wait,
        CancellationToken.None);

    private sealed class Gates(int count) : IDisposable
    {
        public List<BlockingGate> Each { get; } = [.. Enumerable.Range(0, count).Select(_ => new BlockingGate())];

        public void Dispose() => Each.ForEach(gate => gate.Dispose());
    }
}
