using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>Lanes under the schedules of AsyncTest, which explore the orders of calls, cancellation and disposal. Work
/// runs on thread-pool threads there.</summary>
public sealed class BlockingLaneScheduledTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public void Work_runs_and_returns_its_result() => AsyncTest.Run(
        async _ =>
        {
            await using var lane = Lanes.Of(2);
            var results = await Task.WhenAll(Enumerable.Range(0, 4).Select(item => lane.RunAsync(() => item)));
            Assert.Equal(4, results.Length);
            Assert.Equal(0, lane.Active);
            Assert.Equal(1, await Offload.RunAsync(() => 1));
        },
        new AsyncTestOptions { Schedules = 100 });

    [Fact]
    public void Work_keeps_the_limit_and_starts_in_the_order_of_the_calls() => AsyncTest.Run(
        async _ =>
        {
            await using var lane = Lanes.Of(1);
            List<int> order = [];
            var (inside, peak) = (0, 0);
            var all = Enumerable.Range(0, 4).Select(item => CallAsync(item)).ToList();
            await Task.WhenAll(all);
            Assert.Equal([0, 1, 2, 3], order);
            Assert.Equal(1, peak);

            Task CallAsync(int item) => lane.RunAsync(() =>
            {
                peak = Math.Max(peak, Interlocked.Increment(ref inside));
                order.Add(item);
                Interlocked.Decrement(ref inside);
            });
        },
        new AsyncTestOptions { Schedules = 100 });

    [Theory]
    [InlineData(OnCancel.Wait)]
    [InlineData(OnCancel.Abandon)]
    [InlineData(OnCancel.Interrupt)]
    public void A_call_cancelled_at_any_time_completes_once_and_frees_its_thread(OnCancel onCancel) => AsyncTest.Run(
        async _ =>
        {
            await using var lane = Lanes.Of(1);
            using var source = new CancellationTokenSource();
            var first = lane.RunAsync(() => 1, onCancel, source.Token);
            var second = lane.RunAsync(() => 2, onCancel, source.Token);
            var last = lane.RunAsync(AfterAWait);
            var cancelling = CancelAsync(source);

            AssertSucceededOrCancelled(await Record.ExceptionAsync(() => first));
            AssertSucceededOrCancelled(await Record.ExceptionAsync(() => second));
            Assert.Equal(3, await last);
            await cancelling;
        },
        new AsyncTestOptions { Schedules = 200 });

    /// <summary>A blocked thread-pool thread makes each step slow, so the test runs few schedules.</summary>
    [Theory]
    [InlineData(OnCancel.Abandon)]
    [InlineData(OnCancel.Interrupt)]
    public void Blocking_work_cancelled_at_any_time_is_abandoned_or_interrupted(OnCancel onCancel) => AsyncTest.Run(
        async _ =>
        {
            await using var lane = Lanes.Of(1);
            using var source = new CancellationTokenSource();
            using var open = new ManualResetEventSlim();
            var work = lane.RunAsync(() => open.Wait(CancellationToken.None), onCancel, source.Token);
            var last = lane.RunAsync(AfterAWait);
            await CancelAsync(source);

            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => work);
            open.Set();
            Assert.Equal(3, await last);
        },
        new AsyncTestOptions { Schedules = 5 });

    [Fact]
    public void Every_task_completes_whenever_the_lane_is_disposed() => AsyncTest.Run(
        async _ =>
        {
            var lane = Lanes.Of(1);
            List<Task> all = [];
            var calling = CallAsync();
            var disposing = DisposeAsync();
            await calling;
            await disposing;
            foreach (var task in all)
            {
                var thrown = await Record.ExceptionAsync(() => task);
                Assert.True(thrown is null or OperationCanceledException or ObjectDisposedException, $"{thrown}");
            }

            async Task CallAsync()
            {
                for (var call = 0; call < 4; call++)
                {
                    all.Add(lane.RunAsync(() => { }));
                    await Task.Yield();
                }
            }

            async Task DisposeAsync()
            {
                await Task.Yield();
                await lane.DisposeAsync();
            }
        },
        new AsyncTestOptions { Schedules = 200 });

    [Fact]
    public void A_fan_out_over_an_enumeration_returns_the_results_of_a_loop() => AsyncTest.Run(
        async _ =>
        {
            await using var lane = Lanes.Of(2);
            var results = await lane.Enumerate(Enumerable.Range(0, 3)).FanOutBlockingAsync(lane, (item, _) => item + 1);
            Assert.Equal([1, 2, 3], results);
        },
        new AsyncTestOptions { Schedules = 100 });

    private static async Task CancelAsync(CancellationTokenSource source)
    {
        await Task.Yield();
        await source.CancelAsync();
    }

    private static int AfterAWait()
    {
        Lanes.AnyWait();
        return 3;
    }

    private static void AssertSucceededOrCancelled(Exception? thrown) =>
        Assert.True(thrown is null or OperationCanceledException, $"{thrown}");
}
