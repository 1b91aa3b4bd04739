using BenchmarkDotNet.Attributes;
using Polly;
using Polly.Timeout;

namespace AsyncKit.Benchmarks;

/// <summary>A call that yields once, under a deadline that it meets, compared with the call alone.</summary>
public class DeadlineCall
{
    private const int Calls = 1_000;
    private const string ByHand = nameof(LinkedSourceInAMethod);
    private const string InPlace = nameof(LinkedSourceInPlace);

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly Func<CancellationToken, ValueTask<int>> _operation = Operations.YieldOnceAsync;
    private readonly ResiliencePipeline _pipeline = new ResiliencePipelineBuilder()
        .AddTimeout(new TimeoutStrategyOptions { Timeout = Limit })
        .Build();

    private CancellationTokenSource _caller = null!;

    [GlobalSetup]
    public void Setup() => _caller = new CancellationTokenSource();

    [GlobalCleanup]
    public void Cleanup() => _caller.Dispose();

    [Benchmark(OperationsPerInvoke = Calls)]
    public async Task<int> CallAlone()
    {
        var sum = 0;
        for (var i = 0; i < Calls; i++)
        {
            sum += await _operation(_caller.Token).ConfigureAwait(false);
        }

        return sum;
    }

    /// <summary>A helper method as a user would write it.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Calls)]
    public async Task<int> LinkedSourceInAMethod()
    {
        var sum = 0;
        for (var i = 0; i < Calls; i++)
        {
            sum += await Operations.WithLinkedSourceAsync(_operation, Limit, _caller.Token).ConfigureAwait(false);
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Calls)]
    public async Task<int> LinkedSourceInPlace()
    {
        var sum = 0;
        for (var i = 0; i < Calls; i++)
        {
            using var source = CancellationTokenSource.CreateLinkedTokenSource(_caller.Token);
            source.CancelAfter(Limit);
            sum += await _operation(source.Token).ConfigureAwait(false);
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Calls)]
    public async Task<int> WhenAnyAndDelay()
    {
        var sum = 0;
        for (var i = 0; i < Calls; i++)
        {
            sum += await Operations.WithWhenAnyAsync(_operation, Limit, _caller.Token).ConfigureAwait(false);
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Calls)]
    public async Task<int> TaskWaitAsync()
    {
        var sum = 0;
        for (var i = 0; i < Calls; i++)
        {
            sum += await _operation(_caller.Token).AsTask().WaitAsync(Limit, _caller.Token).ConfigureAwait(false);
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Calls)]
    public async Task<int> Polly()
    {
        var sum = 0;
        for (var i = 0; i < Calls; i++)
        {
            sum += await _pipeline.ExecuteAsync(
                static (operation, token) => operation(token), _operation, _caller.Token).ConfigureAwait(false);
        }

        return sum;
    }

    [Target("deadline around a call that yields", Against = ByHand, TimeRatio = 1.0)]
    [Target("deadline around a call that yields", Against = InPlace, TimeRatio = 1.0)]
    [Target("deadline around a call that yields", Against = nameof(CallAlone), ExtraBytes = 0.5)]
    [Benchmark(OperationsPerInvoke = Calls)]
    public async Task<int> AsyncKit()
    {
        var sum = 0;
        for (var i = 0; i < Calls; i++)
        {
            sum += await Deadline.RunAsync(_operation, Limit, _caller.Token).ConfigureAwait(false);
        }

        return sum;
    }

    private static class Operations
    {
        [System.Runtime.CompilerServices.AsyncMethodBuilder(
            typeof(System.Runtime.CompilerServices.PoolingAsyncValueTaskMethodBuilder<>))]
        public static async ValueTask<int> YieldOnceAsync(CancellationToken cancellationToken)
        {
            await Task.Yield();
            return cancellationToken.IsCancellationRequested ? 0 : 1;
        }

        public static async ValueTask<int> WithLinkedSourceAsync(
            Func<CancellationToken, ValueTask<int>> operation, TimeSpan limit, CancellationToken caller)
        {
            using var source = CancellationTokenSource.CreateLinkedTokenSource(caller);
            source.CancelAfter(limit);
            try
            {
                return await operation(source.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!caller.IsCancellationRequested && source.IsCancellationRequested)
            {
                throw new TimeoutException();
            }
        }

        public static async ValueTask<int> WithWhenAnyAsync(
            Func<CancellationToken, ValueTask<int>> operation, TimeSpan limit, CancellationToken caller)
        {
            using var source = CancellationTokenSource.CreateLinkedTokenSource(caller);
            var call = operation(source.Token).AsTask();
            var delay = Task.Delay(limit, source.Token);
            var first = await Task.WhenAny(call, delay).ConfigureAwait(false);
            await source.CancelAsync().ConfigureAwait(false); // Otherwise the timer stays.
            return first == call ? await call.ConfigureAwait(false) : throw new TimeoutException();
        }
    }
}
