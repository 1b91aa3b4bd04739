using System.Threading.RateLimiting;
using Microsoft.Extensions.Logging;

namespace AsyncKit.Tests;

/// <summary>Another subject with everything around each item that options can put there, none of which changes what
/// becomes of it.</summary>
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
        StartRate = new Generous(),
        Gate = new ConcurrencyGate(PermitQueue.MaxPermits),
        SlowItemThreshold = TimeSpan.FromHours(1),
        OnSlowItem = item => throw new InvalidOperationException($"{item} is slow."),
        Progress = new Nobody(),
        ProgressInterval = TimeSpan.FromHours(1),
        Name = "decorated",
        Logger = new NoLog(),
    };

    private sealed class Nobody : IProgress<FanOutProgress>
    {
        public void Report(FanOutProgress value)
        {
        }
    }

    private sealed class NoLog : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter) => _ = formatter(state, exception);
    }

    private sealed class Generous : RateLimiter
    {
        public override TimeSpan? IdleDuration => null;

        public override RateLimiterStatistics? GetStatistics() => null;

        protected override RateLimitLease AttemptAcquireCore(int permitCount) => new Granted();

        protected override ValueTask<RateLimitLease> AcquireAsyncCore(int permitCount, CancellationToken cancellationToken) =>
            cancellationToken.IsCancellationRequested
                ? ValueTask.FromCanceled<RateLimitLease>(cancellationToken)
                : new(new Granted());
    }

    private sealed class Granted : RateLimitLease
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
