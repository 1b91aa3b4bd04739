using BenchmarkDotNet.Attributes;

namespace AsyncKit.Benchmarks;

/// <summary>256 calls that block for 100 ms each, and the delay of unrelated thread-pool work.</summary>
[InvocationCount(1)]
[WarmupCount(1)]
[IterationCount(3)]
public class OffloadBlocking
{
    private const int Calls = 256;
    private const string Pool = nameof(TaskRun);

    private static readonly TimeSpan Blocked = TimeSpan.FromMilliseconds(100);

    private readonly int[] _calls = [.. Enumerable.Range(0, Calls)];
    private PoolLimit _limit = null!;
    private BlockingLane _lane = null!;
    private Probe _probe = null!;
    private string _method = "";

    [GlobalSetup]
    public void Setup()
    {
        _limit = PoolLimit.Lift();
        _lane = new BlockingLane(new BlockingLaneOptions { Name = "blocking", MaxThreads = Calls });
    }

    [IterationSetup]
    public void Watch() => _probe = PoolP99.Watch();

    [Benchmark(Baseline = true)]
    public Task TaskRun()
    {
        _method = nameof(TaskRun);
        return Task.WhenAll(_calls.Select(_ => Task.Run(Block)));
    }

    [Benchmark]
    public Task LongRunning()
    {
        _method = nameof(LongRunning);
        return Task.WhenAll(_calls.Select(_ => Task.Factory.StartNew(
            Block, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
    }

    [Target("256 x 100 ms of blocking calls", Against = Pool, TimeRatio = 0.05, PoolP99Milliseconds = 10)]
    [Benchmark]
    public Task AsyncKit()
    {
        _method = nameof(AsyncKit);
        return Task.WhenAll(_calls.Select(_ => _lane.RunAsync(Block)));
    }

    /// <summary>The threads start and exit each time.</summary>
    [Benchmark]
    public Task AsyncKitFanOutBlocking()
    {
        _method = nameof(AsyncKitFanOutBlocking);
        return _calls.FanOutBlockingAsync(Calls, (_, _) => Block());
    }

    [IterationCleanup]
    public void Note()
    {
        PoolP99.Note(typeof(OffloadBlocking), _method, _probe.Stop());
        _probe.Dispose();
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _lane.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _limit.Dispose();
    }

    private static void Block() => Thread.Sleep(Blocked);
}
