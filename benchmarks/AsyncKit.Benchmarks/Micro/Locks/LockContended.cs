using BenchmarkDotNet.Attributes;
using DotNext.Threading;

namespace AsyncKit.Benchmarks;

/// <summary>A wait with a cancellable token, which the holder completes by releasing its lease. Time per
/// wait.</summary>
public class LockContended
{
    private const int Times = 10_000;
    private const string Semaphore = nameof(SemaphoreSlim);

    private readonly CancellationTokenSource _cancellation = new();
    private readonly SemaphoreSlim _semaphore = new(1, 1);
    private readonly AsyncExclusiveLock _exclusive = new();
    private readonly global::AsyncKit.AsyncLock _lock = new();
    private readonly ConcurrencyGate _gate = new(1);

    [Benchmark(Baseline = true, OperationsPerInvoke = Times)]
    public async Task SemaphoreSlim()
    {
        for (var time = 0; time < Times; time++)
        {
            await _semaphore.WaitAsync(_cancellation.Token).ConfigureAwait(false);
            var next = _semaphore.WaitAsync(_cancellation.Token);
            _semaphore.Release();
            await next.ConfigureAwait(false);
            _semaphore.Release();
        }
    }

    [Benchmark(OperationsPerInvoke = Times)]
    public async Task DotNextLock()
    {
        for (var time = 0; time < Times; time++)
        {
            await _exclusive.AcquireAsync(_cancellation.Token).ConfigureAwait(false);
            var next = _exclusive.AcquireAsync(_cancellation.Token);
            _exclusive.Release();
            await next.ConfigureAwait(false);
            _exclusive.Release();
        }
    }

    [Target("AsyncLock, contended, with a token", Against = Semaphore, TimeRatio = 0.5)]
    [Target("AsyncLock, contended, with a token", Bytes = 0.1)]
    [Benchmark(OperationsPerInvoke = Times)]
    public async Task AsyncLock()
    {
        for (var time = 0; time < Times; time++)
        {
            var lease = await _lock.AcquireAsync(_cancellation.Token).ConfigureAwait(false);
            var next = _lock.AcquireAsync(_cancellation.Token);
            lease.Dispose();
            (await next.ConfigureAwait(false)).Dispose();
        }
    }

    [Target("gate next to the lock, contended, with a token", Against = nameof(AsyncLock), TimeRatio = 1.5)]
    [Target("gate, contended, with a token", Bytes = 0.1)]
    [Benchmark(OperationsPerInvoke = Times)]
    public async Task Gate()
    {
        for (var time = 0; time < Times; time++)
        {
            var lease = await _gate.AcquireAsync(_cancellation.Token).ConfigureAwait(false);
            var next = _gate.AcquireAsync(_cancellation.Token);
            lease.Dispose();
            (await next.ConfigureAwait(false)).Dispose();
        }
    }
}
