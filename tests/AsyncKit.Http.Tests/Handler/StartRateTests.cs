using System.Threading.RateLimiting;

namespace AsyncKit.Http.Tests;

/// <summary>How a request waits for the limiter of its host, and how long it holds the lease.</summary>
public sealed class StartRateTests : IClassFixture<NothingLeftBehind>
{
    private static readonly HostKey One = new("http", "one.example", 80);

    [Theory]
    [InlineData(0)] // It rejects without a hint.
    [InlineData(9)] // It queues all waits.
    public void A_ConcurrencyLimiter_as_start_rate_limits_the_requests_in_flight(int queueLimit) =>
        HandlerTest.Run(async test =>
        {
            using var table = Over(new ConcurrencyLimiter(
                new ConcurrencyLimiterOptions { PermitLimit = 1, QueueLimit = queueLimit }));

            var first = await table.AcquireAsync(One, test.Time, default);
            var second = table.AcquireAsync(One, test.Time, default).AsTask();
            await Task.Delay(TimeSpan.FromSeconds(1), test.Time);
            Assert.False(second.IsCompleted);
            first.Release();

            (await second).Release();
        });

    [Fact]
    public async Task A_RetryAfter_of_60_days_is_a_wait_that_the_caller_can_cancel()
    {
        using var caller = new CancellationTokenSource();
        var time = new VirtualTime();
        var limiter = new ScriptedLimiter(int.MaxValue, TimeSpan.FromDays(60));
        using var table = Over(limiter);

        var acquiring = table.AcquireAsync(One, time, caller.Token).AsTask();
        time.Advance(TimeSpan.FromDays(48));
        Assert.Equal((1, 1), (limiter.Asked, time.PendingTimers));
        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => acquiring).OrHangs();
        Assert.Equal(1, table.Count);
    }

    [Fact]
    public async Task A_lease_that_throws_from_Dispose_does_not_fail_the_request()
    {
        using var table = Over(new ThrowingLimiter());

        (await table.AcquireAsync(One, TimeProvider.System, default)).Release();

        Assert.Equal(1, table.Count);
    }

    private static HostTable Over(RateLimiter limiter) => new(new AsyncKitHttpOptions { StartRatePerHost = _ => limiter });

    private sealed class ThrowingLimiter : RateLimiter
    {
        public override TimeSpan? IdleDuration => null;

        public override RateLimiterStatistics? GetStatistics() => null;

        protected override RateLimitLease AttemptAcquireCore(int permitCount) => new Lease();

        protected override ValueTask<RateLimitLease> AcquireAsyncCore(int permitCount, CancellationToken cancellationToken) =>
            new(new Lease());

        private sealed class Lease : RateLimitLease
        {
            public override bool IsAcquired => true;

            public override IEnumerable<string> MetadataNames => [];

            public override bool TryGetMetadata(string metadataName, out object? metadata)
            {
                metadata = null;
                return false;
            }

            protected override void Dispose(bool disposing)
            {
                base.Dispose(disposing);
                throw new InvalidOperationException("lease");
            }
        }
    }
}
