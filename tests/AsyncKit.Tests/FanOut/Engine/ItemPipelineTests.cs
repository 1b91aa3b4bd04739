using System.Threading.RateLimiting;
using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>How an item waits for the limiter of <see cref="FanOutOptions.StartRate"/>, and how long it holds the
/// lease.</summary>
public sealed class ItemPipelineTests : IClassFixture<NothingLeftBehind>
{
    [Theory]
    [InlineData(0)] // It rejects without a hint.
    [InlineData(1)]
    [InlineData(9)] // It queues all waits.
    public void A_ConcurrencyLimiter_as_start_rate_limits_the_operations_in_flight(int queueLimit) =>
        AsyncTest.Run(async context =>
        {
            await using var limiter = new ConcurrencyLimiter(
                new ConcurrencyLimiterOptions { PermitLimit = 2, QueueLimit = queueLimit });
            var (running, peak) = (0, 0);

            var results = await Enumerable.Range(0, 6).FanOutAsync(
                new FanOutOptions { MaxConcurrency = 6, StartRate = limiter, TimeProvider = context.Time },
                async (item, token) =>
                {
                    peak = Math.Max(peak, ++running);
                    await Task.Delay(TimeSpan.FromSeconds(1), context.Time, token);
                    running--;
                    return item;
                });

            Assert.Equal(Enumerable.Range(0, 6), results);
            Assert.Equal(2, peak);
            Assert.Equal(2, limiter.GetStatistics()!.CurrentAvailablePermits);
        }, new AsyncTestOptions { Schedules = 20 });

    [Fact]
    public void A_RetryAfter_of_60_days_is_a_wait_that_the_caller_can_cancel() => AsyncTest.Run(
        async context =>
        {
            using var caller = new CancellationTokenSource();
            await using var limiter = new ScriptedLimiter(int.MaxValue, TimeSpan.FromDays(60));
            var options = new FanOutOptions { MaxConcurrency = 1, StartRate = limiter, TimeProvider = context.Time };

            var run = new int[1].FanOutAsync(options, (_, _) => default(ValueTask), caller.Token);
            await context.AdvanceAsync(TimeSpan.FromDays(48));
            Assert.Equal(1, limiter.Asked);
            await caller.CancelAsync();

            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        },
        new AsyncTestOptions { MaxVirtualTime = TimeSpan.FromDays(49) });
}
