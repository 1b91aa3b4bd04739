using System.Threading.RateLimiting;

namespace AsyncKit.Tests;

/// <summary>Another subject with every option that adds a step around each item. None of them changes an
/// outcome.</summary>
public sealed class DecoratedSubject(FanOutSubject inner, SourceKind kind) : FanOutSubject(kind)
{
    public override bool IsInSourceOrder => inner.IsInSourceOrder;

    public override bool IsTokenTheRuns => false;

    public override Task<TResult[]> FanOutAsync<T, TResult>(
        IEnumerable<T> items,
        FanOutOptions options,
        Func<T, CancellationToken, ValueTask<TResult>> operation,
        CancellationToken cancellationToken) =>
        inner.FanOutAsync(items, Decorate(options), operation, cancellationToken);

    public override Task FanOutAsync<T>(
        IEnumerable<T> items,
        FanOutOptions options,
        Func<T, CancellationToken, ValueTask> operation,
        CancellationToken cancellationToken) =>
        inner.FanOutAsync(items, Decorate(options), operation, cancellationToken);

    private static FanOutOptions Decorate(FanOutOptions options) => options with
    {
        ItemTimeout = TimeSpan.FromHours(1),
        Retry = new RetryOptions { ShouldRetry = _ => false, TotalTimeout = TimeSpan.FromHours(2) },
        StartRate = new UnlimitedLimiter(),
        Gate = new ConcurrencyGate(PermitQueue.MaxPermits),
        SlowItemThreshold = TimeSpan.FromHours(1),
        OnSlowItem = item => throw new InvalidOperationException($"{item} is slow."),
        Progress = new IgnoredProgress(),
        ProgressInterval = TimeSpan.FromHours(1),
        Name = "decorated",
        Logger = new LogLines(),
    };

    private sealed class IgnoredProgress : IProgress<FanOutProgress>
    {
        public void Report(FanOutProgress value)
        {
        }
    }

    private sealed class UnlimitedLimiter : RateLimiter
    {
        public override TimeSpan? IdleDuration => null;

        public override RateLimiterStatistics? GetStatistics() => null;

        protected override RateLimitLease AttemptAcquireCore(int permitCount) => new AcquiredLease();

        protected override ValueTask<RateLimitLease> AcquireAsyncCore(int permitCount, CancellationToken cancellationToken) =>
            cancellationToken.IsCancellationRequested
                ? ValueTask.FromCanceled<RateLimitLease>(cancellationToken)
                : new(new AcquiredLease());
    }

    private sealed class AcquiredLease : RateLimitLease
    {
        public override bool IsAcquired => true;

        public override IEnumerable<string> MetadataNames => [];

        public override bool TryGetMetadata(string metadataName, out object? metadata)
        {
            metadata = null;
            return false;
        }
    }
}
