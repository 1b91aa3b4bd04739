namespace AsyncKit.Benchmarks;

/// <summary>A million items whose operation waits once, briefly. It shows the machinery around each item.</summary>
internal sealed class MemoryScenario(ComparisonScenario<int> scenario)
{
    private readonly int _limit = scenario.Settings.Concurrency;

    public static IReadOnlyList<int> Items(ComparisonSettings settings) =>
        [.. Enumerable.Range(0, settings.Items ?? (settings.IsQuick ? 100_000 : 1_000_000))];

    public void Describe()
    {
        AddUsual();
        AddOurs();
    }

    private void AddUsual() => scenario
        .Question("How much does the machinery around each item cost, if the item waits only once, and briefly?")
        .Answer("A stream adds {memory:AsyncKit FanOutStream} to the process, an array of results "
            + "{memory:AsyncKit FanOutAsync}, a task per item behind a semaphore {memory:SemaphoreSlim + WhenAll}.")
        .Baseline(
            "one by one",
            async (items, ct) =>
            {
                var sum = 0L;
                foreach (var item in items)
                {
                    sum += await SquareAsync(item, ct);
                }

                return sum;
            },
            new VariantNotes { How = "a loop", AtOnce = "1" })
        .Variant(
            "WhenAll, unbounded",
            async (items, ct) => (await Task.WhenAll(items.Select(item => SquareAsync(item, ct)))).Sum(),
            new VariantNotes { How = "a task per item", AtOnce = "all", Caveat = "a task per item in memory" })
        .Variant(
            "SemaphoreSlim + WhenAll",
            async (items, ct) =>
            {
                using var semaphore = new SemaphoreSlim(_limit);
                var results = await Task.WhenAll(items.Select(async item =>
                {
                    await semaphore.WaitAsync(ct);
                    try
                    {
                        return await SquareAsync(item, ct);
                    }
                    finally
                    {
                        semaphore.Release();
                    }
                }));
                return results.Sum();
            },
            new VariantNotes { How = "a task per item behind a semaphore", AtOnce = "the limit", Caveat = "a task per item in memory" })
        .Variant(
            "Parallel.ForEachAsync",
            async (items, ct) =>
            {
                var sum = 0L;
                var options = new ParallelOptions { MaxDegreeOfParallelism = _limit, CancellationToken = ct };
                await Parallel.ForEachAsync(items, options, async (item, token) =>
                    Interlocked.Add(ref sum, await SquareAsync(item, token)));
                return sum;
            },
            new VariantNotes { How = "no results, the sum is shared", AtOnce = "the limit", Caveat = "no results and no order" });

    private void AddOurs() => scenario
        .Variant(
            "AsyncKit FanOutStream",
            async (items, ct) =>
            {
                var sum = 0L;
                await foreach (var square in items.FanOutStream(_limit, SquareAsync, ct))
                {
                    sum += square;
                }

                return sum;
            },
            new VariantNotes { How = "results in order, as a stream", AtOnce = "the limit", IsEmphasized = true })
        .Variant(
            "AsyncKit FanOutAsync",
            async (items, ct) => (await items.FanOutAsync(_limit, SquareAsync, ct)).Sum(),
            new VariantNotes { How = "results in order, as an array", AtOnce = "the limit", IsEmphasized = true });

    private static async Task<long> SquareAsync(int item, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await Task.Yield();
        return (long)item * item;
    }
}
