using System.Threading.RateLimiting;

namespace AsyncKit.Tests;

/// <summary>The limiter of a key, with a number of permits that are not returned. It rejects a request without a
/// permit.</summary>
internal sealed class KeyLimiter(int permits = int.MaxValue) : RateLimiter
{
    private int _permits = permits;
    private int _asked;
    private int _held;
    private int _disposals;

    public int Asked => Volatile.Read(ref _asked);

    /// <summary>The number of leases that were granted and not disposed.</summary>
    public int Held => Volatile.Read(ref _held);

    public int Disposals => Volatile.Read(ref _disposals);

    /// <summary>Called for each request; false rejects it. It may throw.</summary>
    public Func<bool>? Grants { get; init; }

    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether the limiter may be replaced by a new one while no lease is held.</summary>
    public bool IsIdle { get; set; }

    public override TimeSpan? IdleDuration => IsIdle && Held == 0 ? TimeSpan.Zero : null;

    public void Permit(int count) => Interlocked.Add(ref _permits, count);

    public override RateLimiterStatistics? GetStatistics() => null;

    protected override RateLimitLease AttemptAcquireCore(int permitCount) => throw new NotSupportedException();

    protected override ValueTask<RateLimitLease> AcquireAsyncCore(int permitCount, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _asked);
        ObjectDisposedException.ThrowIf(Disposals > 0, this);
        if (Grants?.Invoke() == false)
        {
            return new(new Lease(null, RetryAfter));
        }

        if (Interlocked.Decrement(ref _permits) < 0)
        {
            Interlocked.Increment(ref _permits);
            return new(new Lease(null, RetryAfter));
        }

        Interlocked.Increment(ref _held);
        return new(new Lease(this, null));
    }

    protected override void Dispose(bool disposing)
    {
        Interlocked.Increment(ref _disposals);
        base.Dispose(disposing);
    }

    private sealed class Lease(KeyLimiter? limiter, TimeSpan? retryAfter) : RateLimitLease
    {
        public override bool IsAcquired => limiter is not null;

        public override IEnumerable<string> MetadataNames => [];

        public override bool TryGetMetadata(string metadataName, out object? metadata)
        {
            metadata = retryAfter;
            return retryAfter is not null
                && string.Equals(metadataName, MetadataName.RetryAfter.Name, StringComparison.Ordinal);
        }

        protected override void Dispose(bool disposing)
        {
            if (limiter is not null)
            {
                Interlocked.Decrement(ref limiter._held);
            }

            base.Dispose(disposing);
        }
    }
}
