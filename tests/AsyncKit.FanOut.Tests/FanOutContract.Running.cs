namespace AsyncKit.Tests;

/// <summary>
/// The guarantees of every fan-out, for any source: one test for each guarantee that FanOutAsync documents. Runs on
/// real threads and in controlled schedules.
/// </summary>
public abstract partial class FanOutContract(FanOutSubject subject, World world, NothingLeftBehind leaks)
    : FanOutTests(subject, world, leaks)
{
    public static TheoryData<int, int> CountsAndLimits =>
        new() { { 0, 1 }, { 1, 1 }, { 7, 1 }, { 7, 3 }, { 30, 8 }, { 30, 30 }, { 30, 1000 }, { 33, int.MaxValue } };

    [Theory]
    [MemberData(nameof(CountsAndLimits))]
    public Task Results_are_in_source_order(int count, int limit) => RunAsync(async () =>
    {
        var results = await FanOutAsync(Enumerable.Range(0, count), StopAtFirst(limit), async (item, _) =>
        {
            for (var i = item % 5; i > 0; i--)
            {
                await Task.Yield();
            }

            return item * 2;
        }).OrHangs();

        Assert.Equal(Enumerable.Range(0, count).Select(item => item * 2), IsInSourceOrder ? results : results.Order());
    });

    [Fact]
    public Task An_operation_without_a_result_runs_once_for_every_item() => RunAsync(async () =>
    {
        var runs = new int[100];

        await FanOutAsync(Enumerable.Range(0, 100), StopAtFirst(7), async (item, _) =>
        {
            await Task.Yield();
            Interlocked.Increment(ref runs[item]);
        }).OrHangs();

        Assert.All(runs, run => Assert.Equal(1, run));
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(8)]
    [InlineData(20)]
    public Task The_number_of_running_operations_reaches_the_limit_and_never_exceeds_it(int limit) => RunAsync(async () =>
    {
        var gate = new TestGate();

        var run = FanOutAsync(Enumerable.Range(0, limit * 3), StopAtFirst(limit), async (item, token) =>
        {
            await gate.PassAsync(token);
            return item;
        });
        await gate.ArrivedAsync(limit);
        Assert.Equal(limit, gate.Arrivals);
        gate.Open();
        await run.OrHangs();

        Assert.Equal(limit * 3, gate.Arrivals);
        Assert.Equal(limit, gate.Peak);
    });

    [Fact]
    public Task Every_item_runs_at_once_without_a_limit() => RunAsync(async () =>
    {
        var gate = new TestGate();

        var run = FanOutAsync(Enumerable.Range(0, 50), StopAtFirst(int.MaxValue), async (item, token) =>
        {
            await gate.PassAsync(token);
            return item;
        });
        await gate.ArrivedAsync(50);
        gate.Open();

        Assert.Equal(50, (await run.OrHangs()).Length);
    });

    [Fact]
    public Task Each_operation_observes_the_ExecutionContext_of_the_caller_at_the_call() => RunAsync(async () =>
    {
        var local = new AsyncLocal<string> { Value = "caller" };
        var seen = new System.Collections.Concurrent.ConcurrentBag<string?>();

        var run = FanOutAsync(Enumerable.Range(0, 50), StopAtFirst(3), (item, _) =>
        {
            seen.Add(local.Value); // Not an async method, so the value stays unless the worker restores its context.
            local.Value = "item " + item;
            return item % 3 == 0 ? new ValueTask<int>(YieldAsync()) : new ValueTask<int>(item);
        });
        local.Value = "later";
        await run.OrHangs();

        Assert.Equal(50, seen.Count);
        Assert.All(seen, value => Assert.Equal("caller", value));

        static async Task<int> YieldAsync()
        {
            await Task.Yield();
            return 0;
        }
    });

    [Fact]
    public Task Nested_fan_outs_work() => RunAsync(async () =>
    {
        var sums = await FanOutAsync(Enumerable.Range(0, 3), StopAtFirst(2), async (outer, outerToken) =>
        {
            var inner = await FanOutAsync(
                Enumerable.Range(0, 3),
                StopAtFirst(2),
                async (middle, token) =>
                {
                    var leaves = await FanOutAsync(
                        Enumerable.Range(0, 3),
                        StopAtFirst(2),
                        (leaf, _) => new ValueTask<int>(outer + middle + leaf),
                        token);
                    return leaves.Sum();
                },
                outerToken);
            return inner.Sum();
        }).OrHangs();

        Assert.Equal([18, 27, 36], IsInSourceOrder ? sums : sums.Order());
    });
}
