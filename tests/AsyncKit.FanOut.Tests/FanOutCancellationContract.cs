namespace AsyncKit.Tests;

/// <summary>The thread contract, with the guarantee that a report cannot make because it lists the items that were not
/// started.</summary>
public abstract class FanOutCancellationContract(FanOutSubject subject, World world, NothingLeftBehind leaks)
    : FanOutThreadContract(subject, world, leaks)
{
    [Theory]
    [InlineData(10)]
    [InlineData(1_000_000)]
    public async Task The_cost_of_cancelling_does_not_depend_on_the_number_of_waiting_items(int count)
    {
        using var cts = new CancellationTokenSource();
        var (gate, pulled) = (new TestGate(), 0);
        var run = FanOutAsync(
            Enumerable.Range(0, count).Select(item =>
            {
                pulled++;
                return item;
            }),
            StopAtFirst(4),
            async (_, token) => await gate.PassAsync(token),
            cts.Token);
        await gate.ArrivedAsync(4);

        var before = GC.GetTotalAllocatedBytes(precise: true);
        await cts.CancelAsync();
        await FailureOfAsync(run);
        var allocated = GC.GetTotalAllocatedBytes(precise: true) - before;

        Assert.Equal(4, gate.Arrivals);
        Assert.True(!IsPulled || pulled <= 4 + Ahead, $"{pulled} items were pulled.");
        Assert.InRange(allocated, 0, 250_000); // A quarter of a byte for each of a million items.
    }
}
