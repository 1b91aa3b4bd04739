namespace AsyncKit.Tests;

/// <summary>Retries on real threads: a cancellation at any moment takes no failure along.</summary>
public sealed class RetryStressTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    [Trait(StressTime.Trait, "Retry")]
    public Task A_failure_that_is_not_retried_is_thrown_whenever_the_caller_cancels_meanwhile() =>
        StressTime.RunAsync(async seed =>
        {
            var random = new Random(seed);
            var options = new RetryOptions { ShouldRetry = _ => false };
            for (var one = 0; one < 500; one++)
            {
                using var caller = new CancellationTokenSource();
                using var hasBegun = new ManualResetEventSlim();
                var spins = random.Next(300);
                var cancelling = Task.Run(() =>
                {
                    hasBegun.Wait();
                    Thread.SpinWait(spins);
                    caller.Cancel();
                });

                var thrown = await Record.ExceptionAsync(() => Retry.RunAsync(
                    ValueTask<int> (_) =>
                    {
                        hasBegun.Set();
                        throw new InvalidOperationException("lost elsewhere");
                    },
                    options,
                    caller.Token).AsTask());
                await cancelling;

                Assert.IsType<InvalidOperationException>(thrown);
            }
        });
}
