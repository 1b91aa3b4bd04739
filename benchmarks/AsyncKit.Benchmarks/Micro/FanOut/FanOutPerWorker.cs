using BenchmarkDotNet.Attributes;

namespace AsyncKit.Benchmarks;

/// <summary>Results for an array with a resource for each worker, 64 at once. Time per item.</summary>
public class FanOutPerWorker
{
    private const int Items = 100_000;
    private const int Limit = 64;
    private const string ByHand = nameof(HandWrittenWorkers);

    private readonly int[] _items = [.. Enumerable.Range(0, Items)];
    private Func<Resource, int, CancellationToken, ValueTask<int>> _operation = null!;

    [Params(Body.Sync, Body.Yields)]
    public Body Body { get; set; }

    [GlobalSetup]
    public void Setup() => _operation = Body == Body.Sync ? Sync : YieldAsync;

    /// <summary>Loops around an interlocked index that open a resource each: no cancellation, no failure handling, no
    /// context.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Items)]
    public async Task<int[]> HandWrittenWorkers()
    {
        var results = new int[Items];
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Limit).Select(_ => Task.Run(WorkAsync))).ConfigureAwait(false);
        return results;

        async Task WorkAsync()
        {
            var resource = await OpenAsync(default).ConfigureAwait(false);
            await using (resource.ConfigureAwait(false))
            {
                int index;
                while ((index = Interlocked.Increment(ref next)) < Items)
                {
                    results[index] = await _operation(resource, _items[index], default).ConfigureAwait(false);
                }
            }
        }
    }

    [Target("per worker, sync body", Case = Body.Sync, Against = ByHand, TimeRatio = 1.5, ExtraBytes = 2)]
    [Target("per worker, body yields", Case = Body.Yields, Against = ByHand, TimeRatio = 1.1, ExtraBytes = 2)]
    [Benchmark(OperationsPerInvoke = Items)]
    public Task<int[]> AsyncKit() => _items.PerWorker(OpenAsync).FanOutAsync(Limit, _operation);

    private static ValueTask<Resource> OpenAsync(CancellationToken token) => new(new Resource());

    private static ValueTask<int> Sync(Resource resource, int item, CancellationToken token) => new(item + resource.Number);

    private static async ValueTask<int> YieldAsync(Resource resource, int item, CancellationToken token)
    {
        await Task.Yield();
        return item + resource.Number;
    }

    private sealed class Resource : IAsyncDisposable
    {
        public int Number { get; } = 1;

        public ValueTask DisposeAsync() => default;
    }
}
