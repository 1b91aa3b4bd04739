namespace AsyncKit.Tests;

/// <summary>Retries on real threads: a concurrent cancellation never hides a failure.</summary>
public sealed class RetryStressTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    [Trait(StressTime.Trait, "Retry")]
    public Task A_permanent_failure_is_thrown_even_if_the_caller_cancels_at_the_same_time() =>
        StressTime.RunAsync(async seed =>
        {
            var random = new Random(seed);
            var options = new RetryOptions { ShouldRetry = _ => false };
            for (var round = 0; round < 500; round++)
            {
                using var caller = new CancellationTokenSource();
                using var hasStarted = new ManualResetEventSlim();
                var spins = random.Next(300);
                var cancelling = Task.Run(() =>
                {
                    hasStarted.Wait();
                    Thread.SpinWait(spins);
                    caller.Cancel();
                });

                var thrown = await Record.ExceptionAsync(() => Retry.RunAsync(
                    ValueTask<int> (_) =>
                    {
                        hasStarted.Set();
                        throw new InvalidOperationException("must not be lost");
                    },
                    options,
                    caller.Token).AsTask());
                await cancelling;

                Assert.IsType<InvalidOperationException>(thrown);
            }
        });
}
