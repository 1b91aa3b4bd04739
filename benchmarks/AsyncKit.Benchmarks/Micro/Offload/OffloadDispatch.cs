using BenchmarkDotNet.Attributes;

namespace AsyncKit.Benchmarks;

/// <summary>The cost of running an empty call on another thread: first one after the other, each awaited, then many at
/// once. Time per call.</summary>
public class OffloadDispatch
{
    private const int Calls = 1_000;

    private readonly Task[] _all = new Task[Calls];
    private BlockingLane _lane = null!;

    [GlobalSetup]
    public void Setup() => _lane = new BlockingLane(new BlockingLaneOptions { Name = "dispatch", MaxThreads = 4 });

    [Benchmark(OperationsPerInvoke = Calls)]
    public async Task TaskRun()
    {
        for (var call = 0; call < Calls; call++)
        {
            await Task.Run(Call);
        }
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Calls)]
    public async Task LongRunning()
    {
        for (var call = 0; call < Calls; call++)
        {
            await Task.Factory.StartNew(
                Call, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
    }

    [Benchmark(OperationsPerInvoke = Calls)]
    public void RawThread()
    {
        for (var call = 0; call < Calls; call++)
        {
            var thread = new Thread(static () => Call()) { IsBackground = true };
            thread.Start();
            thread.Join();
        }
    }

    [Target("a call on a lane, awaited", Against = nameof(LongRunning), Microseconds = 3)]
    [Benchmark(OperationsPerInvoke = Calls)]
    public async Task AsyncKit()
    {
        for (var call = 0; call < Calls; call++)
        {
            await _lane.RunAsync(Call);
        }
    }

    [Benchmark(OperationsPerInvoke = Calls)]
    public Task TaskRunMany()
    {
        for (var call = 0; call < Calls; call++)
        {
            _all[call] = Task.Run(Call);
        }

        return Task.WhenAll(_all);
    }

    [Target("a call on a lane, of many", Against = nameof(LongRunning), Microseconds = 3)]
    [Benchmark(OperationsPerInvoke = Calls)]
    public Task AsyncKitMany()
    {
        for (var call = 0; call < Calls; call++)
        {
            _all[call] = _lane.RunAsync(Call);
        }

        return Task.WhenAll(_all);
    }

    [GlobalCleanup]
    public void Cleanup() => _lane.DisposeAsync().AsTask().GetAwaiter().GetResult();

    private static int Call() => 1;
}
