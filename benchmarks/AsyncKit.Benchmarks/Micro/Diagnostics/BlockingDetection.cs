using AsyncKit.Diagnostics;
using BenchmarkDotNet.Attributes;

namespace AsyncKit.Benchmarks;

/// <summary>The cost of a blocking detector per await, wait or item.</summary>
public class BlockingDetection
{
    private const int Count = 20_000;
    private const int Limit = 64;

    private readonly int[] _items = new int[Count];
    private BlockingDetector? _detector;

    [Params(Watched.Await, Watched.SynchronousWait, Watched.FanOut)]
    public Watched Watched { get; set; }

    [GlobalSetup(Target = nameof(WithDetector))]
    public void StartAll() => _detector = BlockingDetector.Start(new BlockingDetectorOptions());

    [GlobalSetup(Target = nameof(WithoutWaits))]
    public void StartWithoutWaits() => _detector = BlockingDetector.Start(
        new BlockingDetectorOptions { WaitThreshold = Timeout.InfiniteTimeSpan });

    [GlobalCleanup]
    public Task StopAsync() => _detector?.DisposeAsync().AsTask() ?? Task.CompletedTask;

    [Benchmark(Baseline = true, OperationsPerInvoke = Count)]
    public Task NoDetector() => RunAsync();

    [Benchmark(OperationsPerInvoke = Count)]
    public Task WithoutWaits() => RunAsync();

    [Benchmark(OperationsPerInvoke = Count)]
    public Task WithDetector() => RunAsync();

    private Task RunAsync() => Watched switch
    {
        Watched.Await => AwaitAsync(),
        Watched.SynchronousWait => Task.Run(Wait),
        _ => _items.FanOutAsync(Limit, static (item, _) => ValueTask.FromResult(item)),
    };

    private static async Task AwaitAsync()
    {
        for (var turn = 0; turn < Count; turn++)
        {
            await YieldAsync().ConfigureAwait(false);
        }
    }

    private static async Task YieldAsync() => await Task.Yield();

    private static void Wait()
    {
        for (var turn = 0; turn < Count; turn++)
        {
            YieldAsync().Wait();
        }
    }
}
