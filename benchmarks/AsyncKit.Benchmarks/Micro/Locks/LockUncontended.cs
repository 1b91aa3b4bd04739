using BenchmarkDotNet.Attributes;
using DotNext.Threading;

namespace AsyncKit.Benchmarks;

/// <summary>Acquiring and releasing a free lock, gate or pool item.</summary>
public class LockUncontended
{
    private const int Times = 10_000;
    private const string Semaphore = nameof(SemaphoreSlim);

    private readonly SemaphoreSlim _semaphore = new(1, 1);
    private readonly AsyncExclusiveLock _exclusive = new();
    private readonly global::AsyncKit.AsyncLock _lock = new();
    private readonly ConcurrencyGate _gate = new(8);
    private readonly KeyedLock<int> _keyed = new();
    private readonly AsyncPool<object> _pool = new(new() { MaxSize = 8, Create = _ => new(new object()) });

    [Benchmark(Baseline = true, OperationsPerInvoke = Times)]
    public async Task SemaphoreSlim()
    {
        for (var time = 0; time < Times; time++)
        {
            await _semaphore.WaitAsync().ConfigureAwait(false);
            _semaphore.Release();
        }
    }

    [Benchmark(OperationsPerInvoke = Times)]
    public async Task DotNextLock()
    {
        for (var time = 0; time < Times; time++)
        {
            await _exclusive.AcquireAsync().ConfigureAwait(false);
            _exclusive.Release();
        }
    }

    [Target("AsyncLock, uncontended", Against = Semaphore, TimeRatio = 1.0)]
    [Target("AsyncLock, uncontended", Bytes = 0.1)]
    [Benchmark(OperationsPerInvoke = Times)]
    public async Task AsyncLock()
    {
        for (var time = 0; time < Times; time++)
        {
            using var lease = await _lock.AcquireAsync().ConfigureAwait(false);
        }
    }

    [Target("gate next to the lock, uncontended", Against = nameof(AsyncLock), TimeRatio = 1.5)]
    [Target("gate, uncontended", Bytes = 0.1)]
    [Benchmark(OperationsPerInvoke = Times)]
    public async Task Gate()
    {
        for (var time = 0; time < Times; time++)
        {
            using var lease = await _gate.AcquireAsync().ConfigureAwait(false);
        }
    }

    [Benchmark(OperationsPerInvoke = Times)]
    public async Task KeyedLock()
    {
        for (var time = 0; time < Times; time++)
        {
            using var lease = await _keyed.AcquireAsync(time & 1023).ConfigureAwait(false);
        }
    }

    [Benchmark(OperationsPerInvoke = Times)]
    public async Task Pool()
    {
        for (var time = 0; time < Times; time++)
        {
            await using var lease = await _pool.RentAsync().ConfigureAwait(false); // Configuring it again would box it.
        }
    }
}
