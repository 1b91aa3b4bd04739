using System.Runtime.CompilerServices;
using System.Threading.RateLimiting;

namespace AsyncKit;

/// <summary>Waits for the lease of a <see cref="RateLimiter"/>, including a limiter that rejects the request.</summary>
internal static class RateLimits
{
    /// <summary>The pause after a rejection without a RetryAfter hint.</summary>
    public static readonly TimeSpan PauseWithoutHint = TimeSpan.FromMilliseconds(50);

    /// <summary>Acquires one permit. After a rejection it waits as long as the limiter says and calls it
    /// again.</summary>
    /// <returns>The acquired lease. The caller holds it until its call completes, so that a
    /// <see cref="ConcurrencyLimiter"/> limits the calls in flight.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public static async ValueTask<RateLimitLease> AcquireAsync(
        RateLimiter limiter, TimeProvider clock, CancellationToken token)
    {
        while (true)
        {
            var lease = await limiter.AcquireAsync(permitCount: 1, token).NoContext();
            if (lease.IsAcquired)
            {
                return lease;
            }

            var pause = lease.TryGetMetadata(MetadataName.RetryAfter, out var hint) && hint > TimeSpan.Zero
                ? hint
                : PauseWithoutHint;
            lease.Dispose();
            await Task.Delay(pause < Guards.MaxTimeout ? pause : Guards.MaxTimeout, clock, token).NoContext();
        }
    }
}
