using BenchmarkDotNet.Attributes;

namespace AsyncKit.Benchmarks;

/// <summary>The time and the memory of 100,000 items as the limit grows. The operation yields. Time per item.</summary>
[ProcessCount(1)] // No row is judged.
public class FanOutLimits
{
    private const int Items = 100_000;

    private readonly Func<int, CancellationToken, ValueTask<int>> _operation = Operations.Of(Body.Yields);
    private readonly int[] _items = [.. Enumerable.Range(0, Items)];

    [Params(1, 10, 100, 1_000, 10_000)]
    public int Limit { get; set; }

    [Benchmark(Baseline = true, OperationsPerInvoke = Items)]
    public Task<int[]> HandWrittenWorkers() => Operations.HandWrittenWorkersAsync(_items, Limit, _operation);

    [Benchmark(OperationsPerInvoke = Items)]
    public Task<int[]> SemaphoreWhenAll() => Operations.SemaphoreWhenAllAsync(_items, Limit, _operation, default);

    [Benchmark(OperationsPerInvoke = Items)]
    public Task<int[]> AsyncKit() => _items.FanOutAsync(Limit, _operation);
}
