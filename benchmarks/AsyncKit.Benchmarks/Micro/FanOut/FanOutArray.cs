using BenchmarkDotNet.Attributes;
using EnumerableAsyncProcessor.Extensions;

namespace AsyncKit.Benchmarks;

/// <summary>Results for an array, 64 at once. Time per item.</summary>
public class FanOutArray
{
    private const int Items = 100_000;
    private const int Limit = 64;
    private const string ForEach = nameof(ParallelForEachAsync);
    private const string ByHand = nameof(HandWrittenWorkers);
    private const string WhenAll = nameof(SemaphoreWhenAll);

    private readonly int[] _items = [.. Enumerable.Range(0, Items)];
    private readonly List<int> _list = [.. Enumerable.Range(0, Items)];
    private Func<int, CancellationToken, ValueTask<int>> _operation = null!;

    [Params(Body.Sync, Body.Yields)]
    public Body Body { get; set; }

    [GlobalSetup]
    public void Setup() => _operation = Operations.Of(Body);

    [Benchmark(Baseline = true, OperationsPerInvoke = Items)]
    public async Task<int[]> ParallelForEachAsync()
    {
        var results = new int[Items];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Items),
            new ParallelOptions { MaxDegreeOfParallelism = Limit },
            async (index, token) => results[index] = await _operation(_items[index], token).ConfigureAwait(false))
            .ConfigureAwait(false);
        return results;
    }

    [Benchmark(OperationsPerInvoke = Items)]
    public async Task<int[]> ParallelForAsync()
    {
        var results = new int[Items];
        await Parallel.ForAsync(
            0,
            Items,
            new ParallelOptions { MaxDegreeOfParallelism = Limit },
            async (index, token) => results[index] = await _operation(_items[index], token).ConfigureAwait(false))
            .ConfigureAwait(false);
        return results;
    }

    [Benchmark(OperationsPerInvoke = Items)]
    public Task<int[]> SemaphoreWhenAll() => Operations.SemaphoreWhenAllAsync(_items, Limit, _operation, default);

    [Benchmark(OperationsPerInvoke = Items)]
    public Task<int[]> HandWrittenWorkers() => Operations.HandWrittenWorkersAsync(_items, Limit, _operation);

    [Benchmark(OperationsPerInvoke = Items)]
    public Task<int[]> Dataflow() => Operations.DataflowAsync(_items, Limit, _operation);

    [Benchmark(OperationsPerInvoke = Items)]
    public async Task<int[]> EnumerableAsyncProcessor()
    {
        await using var processor = _items
            .SelectAsync(async (item, token) => await _operation(item, token).ConfigureAwait(false), CancellationToken.None)
            .ProcessInParallel(Limit);
        return await processor.GetResultsAsync().ConfigureAwait(false);
    }

    [Target("array, sync body", Case = Body.Sync, Against = ForEach, TimeRatio = 0.5)]
    [Target("array, sync body, in addition to the 4 B of the result", Case = Body.Sync, Bytes = 4 + 1)]
    [Target("array, sync body", Case = Body.Sync, Against = ByHand, TimeRatio = 1.1, ExtraBytes = 2)]
    [Target("array, body yields", Case = Body.Yields, Against = ForEach, TimeRatio = 0.6, BytesRatio = 0.4)]
    [Target("array, body yields", Case = Body.Yields, Against = WhenAll, TimeRatio = 0.5, BytesRatio = 0.4)]
    [Target("array, body yields", Case = Body.Yields, Against = ByHand, TimeRatio = 1.1, ExtraBytes = 2)]
    [Benchmark(OperationsPerInvoke = Items)]
    public Task<int[]> AsyncKit() => _items.FanOutAsync(Limit, _operation);

    [Target("list, sync body", Case = Body.Sync, Against = ForEach, TimeRatio = 0.5)]
    [Target("list, sync body, in addition to the 4 B of the result", Case = Body.Sync, Bytes = 4 + 1)]
    [Target("list, body yields", Case = Body.Yields, Against = ForEach, TimeRatio = 0.6, BytesRatio = 0.4)]
    [Benchmark(OperationsPerInvoke = Items)]
    public Task<int[]> AsyncKitOverList() => _list.FanOutAsync(Limit, _operation);
}
