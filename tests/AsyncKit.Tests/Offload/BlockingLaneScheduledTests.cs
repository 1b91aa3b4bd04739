using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>
/// Lanes under schedules: their work runs on threads of the pool there, followed like any other code, and the orders of
/// calls, cancellations and ends are searched.
/// </summary>
public sealed class BlockingLaneScheduledTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public void Work_runs_and_its_result_comes_back() => AsyncTest.Run(
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
    public void The_limit_is_kept_and_work_starts_in_the_order_of_the_calls() => AsyncTest.Run(
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
    public void Whenever_it_is_cancelled_the_task_ends_once_and_the_thread_is_given_back(OnCancel onCancel) => AsyncTest.Run(
        async _ =>
        {
            await using var lane = Lanes.Of(1);
            using var source = new CancellationTokenSource();
            var first = lane.RunAsync(() => 1, onCancel, source.Token);
            var second = lane.RunAsync(() => 2, onCancel, source.Token);
            var last = lane.RunAsync(AfterAWait);
            var cancelling = CancelAsync(source);

            AssertEnded(await Record.ExceptionAsync(() => first));
            AssertEnded(await Record.ExceptionAsync(() => second));
            Assert.Equal(3, await last);
            await cancelling;
        },
        new AsyncTestOptions { Schedules = 200 });

    /// <summary>A blocked thread of the pool makes each step slow, so there are few schedules.</summary>
    [Theory]
    [InlineData(OnCancel.Abandon)]
    [InlineData(OnCancel.Interrupt)]
    public void Whenever_it_is_cancelled_work_that_blocks_is_left_or_interrupted(OnCancel onCancel) => AsyncTest.Run(
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
    public void Whenever_the_lane_is_disposed_every_task_ends() => AsyncTest.Run(
        async _ =>
        {
            var lane = Lanes.Of(1);
            List<Task> all = [];
            var calling = CallAsync();
            var ending = EndAsync();
            await calling;
            await ending;
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

            async Task EndAsync()
            {
                await Task.Yield();
                await lane.DisposeAsync();
            }
        },
        new AsyncTestOptions { Schedules = 200 });

    [Fact]
    public void A_fan_out_and_an_enumeration_give_what_a_loop_gives() => AsyncTest.Run(
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

    private static void AssertEnded(Exception? thrown) =>
        Assert.True(thrown is null or OperationCanceledException, $"{thrown}");
}
