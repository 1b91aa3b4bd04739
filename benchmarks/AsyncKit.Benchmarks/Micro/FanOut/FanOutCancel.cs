using BenchmarkDotNet.Attributes;

namespace AsyncKit.Benchmarks;

/// <summary>The time from the caller's Cancel until the run completes while 400,000 items wait, 100 at once.</summary>
[InvocationCount(1)]
[WarmupCount(1)]
[IterationCount(5)]
public class FanOutCancel
{
    private const int Items = 400_000;
    private const int Limit = 100;

    private readonly int[] _items = new int[Items];
    private CancellationTokenSource _cancellation = null!;
    private Task _run = null!;
    private ManualResetEventSlim _isFull = null!;
    private int _started;

    [IterationSetup(Target = nameof(SemaphoreWhenAll))]
    public void StartSemaphoreWhenAll() =>
        Start(token => Operations.SemaphoreWhenAllAsync(_items, Limit, HangAsync, token));

    [IterationSetup(Target = nameof(AsyncKit))]
    public void StartAsyncKit() => Start(token => _items.FanOutAsync(Limit, HangAsync, token));

    [Benchmark(Baseline = true)]
    public Task SemaphoreWhenAll() => CancelAsync();

    [Target("cancel with 400,000 items waiting", Milliseconds = 10)]
    [Benchmark]
    public Task AsyncKit() => CancelAsync();

    [IterationCleanup]
    public void Cleanup()
    {
        _cancellation.Dispose();
        _isFull.Dispose();
    }

    private void Start(Func<CancellationToken, Task> run)
    {
        _cancellation = new CancellationTokenSource();
        _isFull = new ManualResetEventSlim();
        _started = 0;
        _run = run(_cancellation.Token);
        _isFull.Wait();
    }

    private async Task CancelAsync()
    {
        await _cancellation.CancelAsync().ConfigureAwait(false);
        try
        {
            await _run.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        throw new InvalidOperationException("The run was not cancelled.");
    }

    private async ValueTask<int> HangAsync(int item, CancellationToken token)
    {
        if (Interlocked.Increment(ref _started) == Limit)
        {
            _isFull.Set();
        }

        await Task.Delay(Timeout.Infinite, token).ConfigureAwait(false);
        return item;
    }
}
