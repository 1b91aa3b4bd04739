using System.Diagnostics;

namespace AsyncKit.Benchmarks;

/// <summary>Brings the process to the same state before every round.</summary>
internal static class Quiet
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>Collects all garbage and waits until the threads that an earlier round injected have exited.</summary>
    public static void Settle()
    {
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        var waiting = Stopwatch.StartNew();
        while (ThreadPool.ThreadCount > Environment.ProcessorCount && waiting.Elapsed < Limit)
        {
            Thread.Sleep(10);
        }
    }
}
