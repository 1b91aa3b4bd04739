using BenchmarkDotNet.Attributes;

namespace AsyncKit.Benchmarks;

/// <summary>A lazy sequence, no results, 64 at once. Per item.</summary>
public class FanOutEnumerable
{
    private const int Items = 100_000;
    private const int Limit = 64;

    private Func<int, CancellationToken, ValueTask<int>> _operation = null!;

    [Params(Body.Sync, Body.Yields)]
    public Body Body { get; set; }

    [GlobalSetup]
    public void Setup() => _operation = Operations.Of(Body);

    [Benchmark(Baseline = true, OperationsPerInvoke = Items)]
    public Task ParallelForEachAsync() => Parallel.ForEachAsync(
        Lazy(),
        new ParallelOptions { MaxDegreeOfParallelism = Limit },
        async (item, token) => await _operation(item, token).ConfigureAwait(false));

    [Target("lazy enumerable, sync body", Case = Body.Sync, Against = nameof(ParallelForEachAsync), TimeRatio = 0.8, ExtraBytes = 2)]
    [Target("lazy enumerable, body yields", Case = Body.Yields, Against = nameof(ParallelForEachAsync), TimeRatio = 0.8, ExtraBytes = 2)]
    [Benchmark(OperationsPerInvoke = Items)]
    public Task AsyncKit() => Lazy().FanOutAsync(
        Limit, async ValueTask (item, token) => await _operation(item, token).ConfigureAwait(false));

    /// <summary>Beside it, what keeping the results costs when nobody knows how many there will be.</summary>
    [Benchmark(OperationsPerInvoke = Items)]
    public Task<int[]> AsyncKitWithResults() => Lazy().FanOutAsync(Limit, _operation);

    private static IEnumerable<int> Lazy()
    {
        for (var item = 0; item < Items; item++)
        {
            yield return item;
        }
    }
}
