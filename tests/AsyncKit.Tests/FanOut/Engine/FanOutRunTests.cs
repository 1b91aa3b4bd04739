namespace AsyncKit.Tests;

public sealed class FanOutRunTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public void A_recorded_failure_stops_the_run_before_the_thread_that_recorded_it_continues()
    {
        var run = new FanOutRun<int, int>(
            IndexedSource<int>.TryCreate(new int[3]),
            pulled: null,
            new Operation<int, int>((int item, CancellationToken _) => new ValueTask<int>(item)),
            new FanOutOptions { MaxConcurrency = 2 },
            CancellationToken.None);
        Assert.False(run.MustStop());

        Assert.True(run.Failures.AddItemFailure(0, 0, new FormatException())); // The caller would stop the run next.

        Assert.True(run.MustStop());
    }
}
