using BenchmarkDotNet.Attributes;

namespace AsyncKit.Benchmarks;

/// <summary>One lock and many tasks that hold it across a yield, with a cancellable token. Time per
/// acquisition.</summary>
public class LockShared
{
    private const int Times = 100_000;

    private readonly CancellationTokenSource _cancellation = new();
    private readonly SemaphoreSlim _semaphore = new(1, 1);
    private readonly AsyncLock _lock = new();
    private readonly AsyncPool<object> _pool = new(new() { MaxSize = 1, Create = _ => new(new object()) });

    [Params(16, 100)]
    public int Tasks { get; set; }

    [Benchmark(Baseline = true, OperationsPerInvoke = Times)]
    public Task SemaphoreSlim() => ShareAsync(async () =>
    {
        for (var time = 0; time < Times / Tasks; time++)
        {
            await _semaphore.WaitAsync(_cancellation.Token).ConfigureAwait(false);
            await Task.Yield();
            _semaphore.Release();
        }
    });

    [Benchmark(OperationsPerInvoke = Times)]
    public Task AsyncLock() => ShareAsync(async () =>
    {
        for (var time = 0; time < Times / Tasks; time++)
        {
            using var lease = await _lock.AcquireAsync(_cancellation.Token).ConfigureAwait(false);
            await Task.Yield();
        }
    });

    [Benchmark(OperationsPerInvoke = Times)]
    public Task Pool() => ShareAsync(async () =>
    {
        for (var time = 0; time < Times / Tasks; time++)
        {
            await using var lease = await _pool.RentAsync(_cancellation.Token).ConfigureAwait(false);
            await Task.Yield();
        }
    });

    private Task ShareAsync(Func<Task> useAsync) =>
        Task.WhenAll(Enumerable.Range(0, Tasks).Select(_ => Task.Run(useAsync)));
}
