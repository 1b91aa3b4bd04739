namespace AsyncKit.Tests;

/// <summary>Helpers for the tests of lanes.</summary>
internal static class Lanes
{
    public static BlockingLane Of(int maxThreads) => new(new BlockingLaneOptions { Name = "test", MaxThreads = maxThreads });

    /// <summary>The name of the current thread.</summary>
    public static string ThreadName() => Thread.CurrentThread.Name ?? "";

    /// <summary>Waits for no time. A pending interrupt is thrown here.</summary>
    public static void AnyWait() => Thread.CurrentThread.Join(0);
}
