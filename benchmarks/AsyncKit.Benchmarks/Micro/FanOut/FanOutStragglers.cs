using BenchmarkDotNet.Attributes;

namespace AsyncKit.Benchmarks;

/// <summary>640 items in source order, 32 at once: every tenth takes 100 ms, the others 10 ms. At best 386
/// ms.</summary>
public class FanOutStragglers
{
    private const int Items = 640;
    private const int Limit = 32;
    private const double BestMilliseconds = 386;

    private readonly int[] _items = [.. Enumerable.Range(0, Items)];
    private readonly FanOutOptions _aheadAsLimit = new() { MaxConcurrency = Limit, Lookahead = Limit - 1 };

    [Benchmark(Baseline = true)]
    public Task<long> ChannelOfTasks() => Streams.ChannelOfTasksAsync(_items, Limit, RunAsync).SumAsync();

    [Benchmark]
    public Task<long> ChunkWhenAll() => Streams.ChunksAsync(_items, Limit, RunAsync).SumAsync();

    [Benchmark]
    public Task<long> DataflowOrdered() => Streams.Dataflow(_items, Limit, 8 * Limit, RunAsync).SumAsync();

    [Target("640 items with stragglers, 1.45 x the best", Milliseconds = 1.45 * BestMilliseconds)]
    [Benchmark]
    public Task<long> AsyncKit() => _items.FanOutStream(Limit, RunAsync).SumAsync();

    [Benchmark]
    public Task<long> AsyncKitLookaheadAsLimit() => _items.FanOutStream(_aheadAsLimit, RunAsync).SumAsync();

    private static async ValueTask<int> RunAsync(int item, CancellationToken token)
    {
        await Task.Delay(item % 10 == 9 ? 100 : 10, token).ConfigureAwait(false);
        return item;
    }
}
