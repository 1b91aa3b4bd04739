using BenchmarkDotNet.Attributes;
using Polly;
using Polly.Retry;

namespace AsyncKit.Benchmarks;

/// <summary>A call with a retry policy, whose first attempt succeeds.</summary>
public class RetryCall
{
    private const int Calls = 1_000;

    private readonly RetryOptions _options = new();
    private readonly ResiliencePipeline _pipeline = new ResiliencePipelineBuilder()
        .AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = 3,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = TimeSpan.FromMilliseconds(200),
            ShouldHandle = arguments => new(arguments.Outcome.Exception is { } exception && Transient.IsTransient(exception)),
        })
        .Build();

    private CancellationTokenSource _caller = null!;
    private Func<CancellationToken, ValueTask<int>> _operation = null!;

    [Params(Body.Sync, Body.Yields)]
    public Body Body { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _caller = new CancellationTokenSource();
        var operation = global::AsyncKit.Benchmarks.Operations.Of(Body);
        _operation = token => operation(1, token);
    }

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

    [Benchmark(Baseline = true, OperationsPerInvoke = Calls)]
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

    [Target("retry, first attempt succeeds, sync body", Case = Body.Sync, Against = nameof(Polly), TimeRatio = 1.1)]
    [Target("retry, first attempt succeeds, body yields", Case = Body.Yields, Against = nameof(Polly), TimeRatio = 1.1)]
    [Target("retry, first attempt succeeds", Against = nameof(CallAlone), ExtraBytes = 0.5)]
    [Benchmark(OperationsPerInvoke = Calls)]
    public async Task<int> AsyncKit()
    {
        var sum = 0;
        for (var i = 0; i < Calls; i++)
        {
            sum += await Retry.RunAsync(_operation, _options, _caller.Token).ConfigureAwait(false);
        }

        return sum;
    }
}
