using BenchmarkDotNet.Attributes;

namespace AsyncKit.Benchmarks;

/// <summary>A stream of results, 64 at once, 512 ahead. Time per item.</summary>
public class FanOutStreaming
{
    private const int Items = 100_000;
    private const int Limit = 64;
    private const int Ahead = 8 * Limit;
    private const string Alone = nameof(BodyAlone);

    private readonly int[] _items = [.. Enumerable.Range(0, Items)];
    private readonly FanOutOptions _byCompletion = new() { MaxConcurrency = Limit, Order = FanOutOrder.Completion };
    private Func<int, CancellationToken, ValueTask<int>> _operation = null!;

    [Params(Body.Sync, Body.Yields)]
    public Body Body { get; set; }

    [GlobalSetup]
    public void Setup() => _operation = Operations.Of(Body);

    [Benchmark(Baseline = true, OperationsPerInvoke = Items)]
    public Task<long> DataflowOrdered() => Streams.Dataflow(_items, Limit, Ahead, _operation).SumAsync();

    [Benchmark(OperationsPerInvoke = Items)]
    public Task<long> ChannelOfTasks() => Streams.ChannelOfTasksAsync(_items, Limit, _operation).SumAsync();

    [Benchmark(OperationsPerInvoke = Items)]
    public Task<long> ChannelAndWorkersUnordered() =>
        Streams.ChannelAndWorkersAsync(_items, Limit, Ahead, _operation).SumAsync();

    [Benchmark(OperationsPerInvoke = Items)]
    public Task<long> ChunkWhenAll() => Streams.ChunksAsync(_items, Limit, _operation).SumAsync();

    /// <summary>The allocations of the operation and of an array.</summary>
    [Benchmark(OperationsPerInvoke = Items)]
    public Task<int[]> BodyAlone() => Operations.HandWrittenWorkersAsync(_items, Limit, _operation);

    [Target("stream in source order, sync body", Case = Body.Sync, Against = nameof(DataflowOrdered), TimeRatio = 0.4)]
    [Target("stream in source order, sync body", Case = Body.Sync, Against = Alone, ExtraBytes = 16)]
    [Target("stream in source order, body yields", Case = Body.Yields, Against = nameof(DataflowOrdered), TimeRatio = 0.4)]
    [Target("stream in source order, body yields", Case = Body.Yields, Against = Alone, ExtraBytes = 16)]
    [Benchmark(OperationsPerInvoke = Items)]
    public Task<long> AsyncKit() => _items.FanOutStream(Limit, _operation).SumAsync();

    [Benchmark(OperationsPerInvoke = Items)]
    public Task<long> AsyncKitByCompletion() => _items.FanOutStream(_byCompletion, _operation).SumAsync();
}
