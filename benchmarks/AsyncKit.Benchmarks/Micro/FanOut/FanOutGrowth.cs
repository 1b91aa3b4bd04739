using BenchmarkDotNet.Attributes;

namespace AsyncKit.Benchmarks;

/// <summary>The time and the memory of a whole run as the number of items grows, 64 at once. The operation yields.</summary>
[ProcessCount(1)] // No row is judged.
public class FanOutGrowth
{
    private const int Limit = 64;

    private readonly Func<int, CancellationToken, ValueTask<int>> _operation = Operations.Of(Body.Yields);
    private int[] _items = [];

    [Params(1_000, 10_000, 100_000, 1_000_000)]
    public int Items { get; set; }

    [GlobalSetup]
    public void Setup() => _items = [.. Enumerable.Range(0, Items)];

    [Benchmark(Baseline = true)]
    public Task<int[]> HandWrittenWorkers() => Operations.HandWrittenWorkersAsync(_items, Limit, _operation);

    [Benchmark]
    public Task<int[]> SemaphoreWhenAll() => Operations.SemaphoreWhenAllAsync(_items, Limit, _operation, default);

    [Benchmark]
    public Task<int[]> AsyncKit() => _items.FanOutAsync(Limit, _operation);
}
