using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>Allocation and memory budgets. Times are benchmarks; bytes are tests.</summary>
public sealed class FanOutBudgetTests : IClassFixture<NothingLeftBehind>
{
    private const int Items = 100_000;

    public FanOutBudgetTests() => ThreadPoolListener.Stop(); // A listener that another test enabled would allocate.

    [Fact]
    public async Task An_array_allocates_per_worker_and_not_per_item()
    {
        var items = new int[Items];

        var allocated = await AllocatedAsync(() => items.FanOutAsync(64, (item, _) => default(ValueTask)));

        Assert.InRange(allocated, 0, 64 * 1_000);
    }

    [Fact]
    public async Task An_array_with_results_also_allocates_the_result_array()
    {
        var items = new int[Items];

        var allocated = await AllocatedAsync(() => items.FanOutAsync(64, (item, _) => new ValueTask<int>(item)));

        Assert.InRange(allocated - (Items * sizeof(int)), 0, 64 * 1_000);
    }

    [Fact]
    public async Task An_enumerable_allocates_per_worker_and_not_per_item()
    {
        var items = new int[Items];

        var allocated = await AllocatedAsync(
            () => items.Where(_ => true).FanOutAsync(64, (item, _) => default(ValueTask)));

        Assert.InRange(allocated, 0, 64 * 1_500);
    }

    [Fact]
    public async Task A_collection_with_a_count_stores_results_directly_in_the_result_array()
    {
        var items = new HashSet<int>(Enumerable.Range(0, Items));

        var allocated = await AllocatedAsync(() => items.FanOutAsync(64, (item, _) => new ValueTask<int>(item)));

        Assert.InRange(allocated - (Items * sizeof(int)), 0, 64 * 1_500);
    }

    [Fact]
    public async Task A_drain_token_allocates_per_worker_and_not_per_item()
    {
        using var drain = new CancellationTokenSource();
        var items = new int[Items];
        var options = new FanOutOptions(64) { DrainToken = drain.Token };

        var allocated = await AllocatedAsync(() => items.FanOutAsync(options, (item, _) => default(ValueTask)));

        Assert.InRange(allocated, 0, 64 * 1_000);
    }

    [Fact]
    public async Task A_million_items_need_memory_for_the_workers_and_the_results_only()
    {
        const int Million = 1_000_000;
        var items = new int[Million];
        long before = 0;
        long peak = 0;
        for (var round = 0; round < 2; round++) // The first round warms up.
        {
            peak = 0;
            before = LiveBytes();
            var ran = 0;
            await items.FanOutAsync(100, async (item, _) =>
            {
                await Task.Yield();
                if (Interlocked.Increment(ref ran) % 250_000 == 0)
                {
                    peak = Math.Max(peak, LiveBytes());
                }

                return item;
            });
        }

        Assert.InRange(peak - before - (Million * sizeof(int)), long.MinValue, 2 << 20);
    }

    /// <summary>The bytes that survived the collection, without later allocations of other threads.</summary>
    private static long LiveBytes()
    {
        GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true);
        var info = GC.GetGCMemoryInfo(GCKind.FullBlocking);
        return info.HeapSizeBytes - info.FragmentedBytes;
    }

    private static async Task<long> AllocatedAsync(Func<Task> run)
    {
        await run(); // Warms up.
        var least = long.MaxValue;
        for (var round = 0; round < 5; round++) // The minimum, because other threads of the process allocate too.
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            await run();
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        return least;
    }
}
