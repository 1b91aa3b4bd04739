using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>A budget on real threads: no retry is lost, and none is taken twice.</summary>
public sealed class RetryBudgetStressTests : IClassFixture<NothingLeftBehind>
{
    private const int Threads = 4;
    private const int Operations = 50_000;
    private const int FreeRetries = 7;

    [Fact]
    [Trait(StressTime.Trait, "RetryBudget")]
    public Task Many_threads_take_exactly_the_retries_of_the_budget() => StressTime.RunAsync(async _ =>
    {
        var budget = new RetryBudget(ratio: 1, minPerSecond: FreeRetries, new VirtualTime());
        using var start = new Barrier(Threads);
        var taken = 0;
        await Task.WhenAll(Enumerable.Range(0, Threads).Select(_ => Task.Factory.StartNew(
            AddAndTake, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));

        for (; budget.TryTake(); taken++)
        {
            // Takes the remaining retries.
        }

        Assert.Equal((Threads * Operations) + FreeRetries, taken);

        void AddAndTake()
        {
            start.SignalAndWait();
            var takenHere = 0;
            for (var i = 0; i < Operations; i++)
            {
                budget.OnOperation();
                takenHere += budget.TryTake() ? 1 : 0;
            }

            Interlocked.Add(ref taken, takenHere);
        }
    });
}
