using BenchmarkDotNet.Attributes;

namespace AsyncKit.Benchmarks;

/// <summary>An async sequence, no results, 64 at once. Time per item.</summary>
public class FanOutAsyncEnumerable
{
    private const int Items = 100_000;
    private const int Limit = 64;
    private const string ForEach = nameof(ParallelForEachAsync);

    private Func<int, CancellationToken, ValueTask> _operation = null!;
    private Func<int, CancellationToken, ValueTask<int>> _withResult = null!;

    [Params(Body.Sync, Body.Yields)]
    public Body Body { get; set; }

    [GlobalSetup]
    public void Setup() => (_operation, _withResult) = (Operations.WithoutResult(Body), Operations.Of(Body));

    [Benchmark(Baseline = true, OperationsPerInvoke = Items)]
    public Task ParallelForEachAsync() => Parallel.ForEachAsync(
        StreamAsync(),
        new ParallelOptions { MaxDegreeOfParallelism = Limit },
        _operation);

    [Target("async enumerable, sync body", Case = Body.Sync, Against = ForEach, TimeRatio = 1.0)]
    [Target("async enumerable, body yields", Case = Body.Yields, Against = ForEach, TimeRatio = 1.0)]
    [Benchmark(OperationsPerInvoke = Items)]
    public Task AsyncKit() => StreamAsync().FanOutAsync(Limit, _operation);

    /// <summary>For comparison: the cost of keeping the results if their number is not known in advance.</summary>
    [Benchmark(OperationsPerInvoke = Items)]
    public Task<int[]> AsyncKitWithResults() => StreamAsync().FanOutAsync(Limit, _withResult);

    private static async IAsyncEnumerable<int> StreamAsync()
    {
        for (var item = 0; item < Items; item++)
        {
            yield return item;
        }
    }
}
