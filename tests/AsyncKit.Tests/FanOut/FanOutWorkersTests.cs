namespace AsyncKit.Tests;

/// <summary>The number of workers that a run starts.</summary>
public sealed class FanOutWorkersTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public Task Three_items_with_a_limit_of_256_start_three_workers() => RunAsync(async () =>
    {
        var gate = new TestGate();
        var run = Create(indexed: IndexedSource<int>.TryCreate(new int[3]), gate: gate);

        var task = run.RunAsync();
        await gate.ArrivedAsync(3);
        gate.Open();
        await task.OrHangs();

        Assert.Equal(3, run.StartedWorkers);
    });

    [Fact]
    public Task Three_items_of_an_enumerator_start_three_workers_and_one_that_finds_the_end() => RunAsync(async () =>
    {
        var gate = new TestGate();
        var run = Create(new EnumerableSource<int>(Enumerable.Range(0, 3).Where(_ => true)), gate: gate);

        var task = run.RunAsync();
        await gate.ArrivedAsync(3);
        gate.Open();
        await task.OrHangs();

        Assert.InRange(run.StartedWorkers, 3, 4);
    });

    [Fact]
    public Task An_empty_enumerator_starts_only_the_worker_that_finds_it_empty() => RunAsync(async () =>
    {
        var run = Create(new EnumerableSource<int>(Enumerable.Empty<int>().Where(_ => true)), gate: TestGate.Opened());

        await run.RunAsync().OrHangs();

        Assert.Equal(1, run.StartedWorkers);
    });

    [Fact]
    public void An_empty_array_starts_no_worker_and_completes_at_the_call()
    {
        var run = Array.Empty<int>().FanOutAsync(4, (item, _) => new ValueTask<int>(item));

        Assert.True(run.IsCompletedSuccessfully);
    }

    [Fact]
    public Task A_slow_source_starts_only_as_many_workers_as_it_keeps_busy() => RunAsync(async () =>
    {
        var next = new SemaphoreSlim(0);
        var ended = new SemaphoreSlim(0);
        var count = World.IsScheduled ? 10 : 100;
        var source = new ProbedSource(count) { OnMoveNextAsync = (_, token) => next.WaitAsync(token) };
        var run = new FanOutRun<int, int>(
            null,
            new AsyncEnumerableSource<int>(source.AsAsync()),
            new Operation<int, int>((item, _) =>
            {
                ended.Release();
                return new ValueTask<int>(item);
            }),
            new FanOutOptions { MaxConcurrency = 64 },
            CancellationToken.None);

        var task = run.RunAsync();
        for (var i = 0; i < count; i++)
        {
            next.Release();
            await ended.WaitAsync();
        }

        next.Release();
        await task.OrHangs();

        // One worker has an item and one waits for the next. A third starts if the first has not returned to the source.
        Assert.InRange(run.StartedWorkers, 1, 8);
    });

    [Fact]
    public Task A_cancelled_run_claims_no_waiting_item() => RunAsync(async () =>
    {
        using var cts = new CancellationTokenSource();
        var limit = World.IsScheduled ? 20 : 256;
        var gate = new TestGate();
        var items = IndexedSource<int>.TryCreate(new int[World.IsScheduled ? 100 : 1_000_000])!;
        var task = Create(indexed: items, gate: gate, token: cts.Token, limit: limit).RunAsync();
        await gate.ArrivedAsync(limit);
        await cts.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task.OrHangs());
        Assert.Equal(limit, items.Claimed);
    });

    [Fact]
    public Task A_run_that_is_cancelled_before_its_first_worker_runs_no_operation() => RunAsync(async () =>
    {
        var gate = TestGate.Opened();
        var items = IndexedSource<int>.TryCreate(new int[3])!;

        var task = Create(indexed: items, gate: gate, token: new CancellationToken(canceled: true)).RunAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task.OrHangs());
        Assert.Equal(0, gate.Arrivals);
        Assert.Equal(0, items.Claimed);
    });

    private static FanOutRun<int, int> Create(
        PulledSource<int>? pulled = null,
        IndexedSource<int>? indexed = null,
        TestGate? gate = null,
        int limit = 256,
        CancellationToken token = default) => new(
            indexed,
            pulled,
            new Operation<int, int>(async (item, token) =>
            {
                await gate!.PassAsync(token);
                return item;
            }),
            new FanOutOptions { MaxConcurrency = limit },
            token);

    private static Task RunAsync(Func<Task> test) => World.Scheduled.RunHereAndOnThreadsAsync(test);
}
