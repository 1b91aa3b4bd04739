using BenchmarkDotNet.Attributes;

namespace AsyncKit.Benchmarks;

/// <summary> The live memory during a million items, 100 at once, with an operation that yields. A sample is a full
/// collection. It is part of the time, the same for both.
/// </summary>
[InvocationCount(1)]
[WarmupCount(1)]
[IterationCount(5)]
public class FanOutMillion
{
    private const int Items = 1_000_000;
    private const int Limit = 100;
    private const int ResultBytes = Items * sizeof(int);

    private readonly int[] _items = [.. Enumerable.Range(0, Items)];
    private int _ran;

    [IterationSetup]
    public void Setup()
    {
        _ran = 0;
        PeakLive.Start();
    }

    [Benchmark(Baseline = true)]
    public Task<int[]> SemaphoreWhenAll() => Operations.SemaphoreWhenAllAsync(
        _items, Limit, (item, _) => SampleAsync(item, nameof(SemaphoreWhenAll)), default);

    [Target("1,000,000 items, in addition to the 4 MB of the results", PeakLiveBytes = ResultBytes + 2_000_000)]
    [Benchmark]
    public Task<int[]> AsyncKit() => _items.FanOutAsync(Limit, (item, _) => SampleAsync(item, nameof(AsyncKit)));

    private async ValueTask<int> SampleAsync(int item, string method)
    {
        await Task.Yield();
        if (Interlocked.Increment(ref _ran) % (Items / 5) == 0)
        {
            PeakLive.Sample(typeof(FanOutMillion), method);
        }

        return item;
    }
}
