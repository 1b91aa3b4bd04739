using System.Threading.RateLimiting;

namespace AsyncKit.Http.Tests;

/// <summary>Grants every permit until it is disposed, and counts its disposals.</summary>
internal sealed class CountingLimiter : RateLimiter
{
    private readonly ScriptedLimiter _granting = new();
    private int _disposals;

    public int Disposals => Volatile.Read(ref _disposals);

    /// <summary>True if Dispose throws.</summary>
    public bool IsThrowing { get; init; }

    public override TimeSpan? IdleDuration => null;

    public override RateLimiterStatistics? GetStatistics() => null;

    protected override RateLimitLease AttemptAcquireCore(int permitCount) => throw new NotSupportedException();

    protected override ValueTask<RateLimitLease> AcquireAsyncCore(int permitCount, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(Disposals > 0, this);
        return _granting.AcquireAsync(permitCount, cancellationToken);
    }

    protected override void Dispose(bool disposing)
    {
        Interlocked.Increment(ref _disposals);
        base.Dispose(disposing);
        if (IsThrowing)
        {
            throw new InvalidOperationException("limiter");
        }
    }
}
