using System.Threading.RateLimiting;

namespace AsyncKit.Tests;

/// <summary>A rate limiter that refuses a given number of requests, and counts requests, grants and returned
/// leases.</summary>
internal sealed class ScriptedLimiter(int refusals = 0, TimeSpan? retryAfter = null) : RateLimiter
{
    private int _refusals = refusals;
    private int _asked;
    private int _granted;
    private int _returned;

    public int Asked => Volatile.Read(ref _asked);

    public int Granted => Volatile.Read(ref _granted);

    public int Returned => Volatile.Read(ref _returned);

    /// <summary>Awaited before each decision.</summary>
    public Func<CancellationToken, Task>? Before { get; init; }

    public override TimeSpan? IdleDuration => null;

    public override RateLimiterStatistics? GetStatistics() => null;

    protected override RateLimitLease AttemptAcquireCore(int permitCount) => throw new NotSupportedException();

    protected override async ValueTask<RateLimitLease> AcquireAsyncCore(int permitCount, CancellationToken cancellationToken)
    {
        Assert.Equal(1, permitCount);
        Interlocked.Increment(ref _asked);
        if (Before is not null)
        {
            await Before(cancellationToken);
        }

        if (Interlocked.Decrement(ref _refusals) >= 0)
        {
            return new Lease(null, retryAfter);
        }

        Interlocked.Increment(ref _granted);
        return new Lease(this, null);
    }

    private sealed class Lease(ScriptedLimiter? limiter, TimeSpan? retryAfter) : RateLimitLease
    {
        public override bool IsAcquired => limiter is not null;

        public override IEnumerable<string> MetadataNames => [];

        public override bool TryGetMetadata(string metadataName, out object? metadata)
        {
            metadata = retryAfter;
            return retryAfter is not null && string.Equals(
                metadataName, System.Threading.RateLimiting.MetadataName.RetryAfter.Name, StringComparison.Ordinal);
        }

        protected override void Dispose(bool disposing)
        {
            if (limiter is not null)
            {
                Interlocked.Increment(ref limiter._returned);
            }

            base.Dispose(disposing);
        }
    }
}
