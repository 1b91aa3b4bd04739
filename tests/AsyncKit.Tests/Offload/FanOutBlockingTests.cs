namespace AsyncKit.Tests;

/// <summary>Fan-outs of blocking work: the rules of the other fan-outs, on the threads of a lane.</summary>
public sealed class FanOutBlockingTests : IClassFixture<NothingLeftBehind>
{
    private static readonly int[] Items = [.. Enumerable.Range(0, 100)];

    [Fact]
    public async Task Results_come_in_source_order_and_every_item_runs_on_the_lane()
    {
        await using var lane = Lanes.Of(4);

        Assert.All(
            new[]
            {
                await Items.FanOutBlockingAsync(lane, Run).OrHangs(),
                await Items.Where(_ => true).FanOutBlockingAsync(lane, Run).OrHangs(),
                await Items.FanOutBlockingAsync(lane, new FanOutOptions { MaxConcurrency = 2 }, Run).OrHangs(),
                await Items.ToAsyncEnumerable().FanOutBlockingAsync(lane, Run).OrHangs(),
                await Items.ToAsyncEnumerable().FanOutBlockingAsync(lane, new() { MaxConcurrency = 2 }, Run).OrHangs(),
            },
            results => AssertRan(results, "AsyncKit:test-"));
        Assert.All(
            new[]
            {
                await Items.FanOutBlockingAsync(3, Run).OrHangs(),
                await Items.ToAsyncEnumerable().FanOutBlockingAsync(3, Run).OrHangs(),
            },
            results => AssertRan(results, "AsyncKit:fan-out-"));
        Assert.InRange(lane.Threads, 1, 4);

        static (int Item, string Thread) Run(int item, CancellationToken token) => (item, Lanes.ThreadName());

        static void AssertRan((int Item, string Thread)[] results, string threads)
        {
            Assert.Equal(Items, results.Select(result => result.Item));
            Assert.All(results, result => Assert.StartsWith(threads, result.Thread, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Work_without_a_result_runs_for_every_item()
    {
        await using var lane = Lanes.Of(4);
        var options = new FanOutOptions { MaxConcurrency = 2 };
        var sum = 0;

        await Items.FanOutBlockingAsync(lane, Add).OrHangs();
        await Items.FanOutBlockingAsync(lane, options, Add).OrHangs();
        await Items.FanOutBlockingAsync(3, Add).OrHangs();
        await Items.ToAsyncEnumerable().FanOutBlockingAsync(lane, Add).OrHangs();
        await Items.ToAsyncEnumerable().FanOutBlockingAsync(lane, options, Add).OrHangs();
        await Items.ToAsyncEnumerable().FanOutBlockingAsync(3, Add).OrHangs();

        Assert.Equal(6 * Items.Sum(), sum);

        void Add(int item, CancellationToken token) => Interlocked.Add(ref sum, item);
    }

    [Fact]
    public async Task Concurrency_is_the_lanes_MaxThreads_or_the_options_MaxConcurrency()
    {
        await using var lane = Lanes.Of(4);
        Assert.Equal(4, await PeakAsync(4, gate => Items.FanOutBlockingAsync(lane, (_, _) => gate.Pass(CancellationToken.None))));
        Assert.Equal(3, await PeakAsync(3, gate => Items.FanOutBlockingAsync(
            lane, new FanOutOptions { MaxConcurrency = 3 }, (_, _) => gate.Pass(CancellationToken.None))));
        Assert.Equal(5, await PeakAsync(5, gate => Items.FanOutBlockingAsync(5, (_, _) => gate.Pass(CancellationToken.None))));

        static async Task<int> PeakAsync(int limit, Func<BlockingGate, Task> start)
        {
            using var gate = new BlockingGate();
            var run = start(gate);
            await gate.ArrivedAsync(limit);
            gate.Open();
            await run.OrHangs();
            return gate.Peak;
        }
    }

    [Fact]
    public async Task With_StopAtFirst_the_first_failure_cancels_the_work_and_is_thrown_unchanged()
    {
        await using var lane = Lanes.Of(4);
        using var gate = new BlockingGate();

        var run = Items.FanOutBlockingAsync(lane, (item, token) =>
        {
            if (item == 3)
            {
                throw new FormatException("three");
            }

            gate.Pass(token);
            return item;
        });

        var thrown = await Assert.ThrowsAsync<FormatException>(() => run).OrHangs();
        Assert.Equal(3, thrown.Data["AsyncKit.Index"]);
        Assert.InRange(gate.Arrivals, 0, 3);
        Assert.Equal((0, 0), (lane.Active, lane.Queued));
    }

    [Fact]
    public async Task With_RunToEnd_every_item_runs_and_one_exception_contains_all_failures()
    {
        await using var lane = Lanes.Of(4);
        var options = new FanOutOptions { MaxConcurrency = 4, OnFailure = FailureMode.RunToEnd };
        var ran = 0;

        var thrown = await Assert.ThrowsAsync<FanOutException>(() => Items.FanOutBlockingAsync(lane, options, (item, _) =>
        {
            Interlocked.Increment(ref ran);
            return item % 10 == 0 ? throw new FormatException() : item;
        })).OrHangs();

        Assert.Equal((100, 10), (ran, thrown.Failures.Count));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_cancelled_run_waits_for_work_in_flight_and_its_task_is_cancelled(bool onOwnLane)
    {
        await using var lane = Lanes.Of(2);
        using var gate = new BlockingGate();
        using var source = new CancellationTokenSource();
        var run = onOwnLane
            ? Items.FanOutBlockingAsync(2, Run, source.Token)
            : Items.FanOutBlockingAsync(lane, Run, source.Token);
        await gate.ArrivedAsync(2);

        await source.CancelAsync();
        Assert.False(run.IsCompleted);
        gate.Open();

        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run).OrHangs();
        Assert.True(run.IsCanceled);
        Assert.Equal((source.Token, 2), (thrown.CancellationToken, gate.Arrivals));

        int Run(int item, CancellationToken token)
        {
            gate.Pass(CancellationToken.None);
            return item;
        }
    }

    [Fact]
    public async Task Dedicated_threads_exit_before_the_task_completes_with_every_failure()
    {
        List<Thread> threads = [];
        using var gate = new BlockingGate();
        var run = new[] { 1, 2, 3 }.FanOutBlockingAsync(3, (item, _) =>
        {
            lock (threads)
            {
                threads.Add(Thread.CurrentThread);
            }

            gate.Pass(CancellationToken.None);
            throw new FormatException();
        });
        await gate.ArrivedAsync(3);
        gate.Open();

        await Assert.ThrowsAsync<FormatException>(() => run).OrHangs();

        Assert.Equal(3, run.Exception!.InnerExceptions.Count);
        await Hang.UntilAsync(() => threads.TrueForAll(thread => !thread.IsAlive));
    }

    [Fact]
    public async Task An_empty_source_starts_no_thread()
    {
        await using var lane = Lanes.Of(2);

        Assert.Empty(await Array.Empty<int>().FanOutBlockingAsync(lane, (item, _) => item).OrHangs());
        Assert.Empty(await Array.Empty<int>().FanOutBlockingAsync(2, (item, _) => item).OrHangs());

        Assert.Equal(0, lane.Threads);
    }

    [Fact]
    public async Task A_call_that_the_lane_refuses_is_a_failure()
    {
        var lane = Lanes.Of(2);
        await lane.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(
            () => Items.FanOutBlockingAsync(lane, (item, _) => item)).OrHangs();
    }
}
