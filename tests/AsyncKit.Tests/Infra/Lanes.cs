namespace AsyncKit.Tests;

/// <summary>Helpers for the tests of lanes.</summary>
internal static class Lanes
{
    public static BlockingLane Of(int maxThreads) => new(new BlockingLaneOptions { Name = "test", MaxThreads = maxThreads });

    /// <summary>The name of the current thread.</summary>
    public static string ThreadName() => Thread.CurrentThread.Name ?? "";

    /// <summary>Waits for no time. A pending interrupt is thrown here.</summary>
    public static void AnyWait() => Thread.CurrentThread.Join(0);

    /// <summary>Runs work on the lane, abandons it while it runs, and then lets it fail.</summary>
    public static async Task AbandonFailingWorkAsync(BlockingLane lane)
    {
        using var gate = new BlockingGate();
        using var source = new CancellationTokenSource();
        var work = lane.RunAsync<int>(
            () =>
            {
                gate.Pass(CancellationToken.None);
                throw new FormatException("too late");
            },
            OnCancel.Abandon,
            source.Token);
        await gate.ArrivedAsync(1);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => work).OrHangs();
    }
}
