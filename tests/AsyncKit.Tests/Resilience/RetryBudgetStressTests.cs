using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>A budget on real threads: none of it is lost, and none is there twice.</summary>
public sealed class RetryBudgetStressTests : IClassFixture<NothingLeftBehind>
{
    private const int Threads = 4;
    private const int Operations = 50_000;
    private const int Free = 7;

    [Fact]
    [Trait(StressTime.Trait, "RetryBudget")]
    public Task Many_threads_take_no_more_than_there_is_and_all_of_it() => StressTime.RunAsync(async _ =>
    {
        var budget = new RetryBudget(ratio: 1, minPerSecond: Free, new VirtualTime());
        using var start = new Barrier(Threads);
        var taken = 0;
        await Task.WhenAll(Enumerable.Range(0, Threads).Select(_ => Task.Factory.StartNew(
            Use, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));

        for (; budget.TryTake(); taken++)
        {
            // What is left.
        }

        Assert.Equal((Threads * Operations) + Free, taken);

        void Use()
        {
            start.SignalAndWait();
            var mine = 0;
            for (var i = 0; i < Operations; i++)
            {
                budget.OnOperation();
                mine += budget.TryTake() ? 1 : 0;
            }

            Interlocked.Add(ref taken, mine);
        }
    });
}
