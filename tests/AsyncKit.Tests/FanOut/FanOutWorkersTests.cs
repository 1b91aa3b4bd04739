namespace AsyncKit.Tests;

/// <summary>The two worlds of the contract.</summary>
public static class FanOutWorkersTests
{
    public sealed class OnThreads() : FanOutWorkersContract(World.Threads);

    public sealed class Scheduled() : FanOutWorkersContract(World.Scheduled);
}
