using System.Diagnostics;

namespace AsyncKit.Comparison;

/// <summary>Brings the process to the same state before every round.</summary>
internal static class Quiet
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>False in a process without the setting of the package: its idle threads stay for 20 s, and waiting for
    /// their exit would take longer than the rounds.</summary>
    private static readonly bool ThreadsExit =
        AppContext.GetData("System.Threading.ThreadPool.ThreadTimeoutMs") is not null;

    /// <summary>Collects all garbage and waits until the threads that an earlier round injected have exited.</summary>
    public static void Settle()
    {
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        var waiting = Stopwatch.StartNew();
        while (ThreadsExit && ThreadPool.ThreadCount > Environment.ProcessorCount && waiting.Elapsed < Limit)
        {
            Thread.Sleep(10);
        }
    }
}
