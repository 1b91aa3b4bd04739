using System.Globalization;

namespace AsyncKit.Diagnostics;

/// <summary>Represents one case of blocking that a <see cref="BlockingDetector"/> reports. Immutable.</summary>
public sealed class BlockingFinding
{
    internal BlockingFinding(BlockingKind kind, TimeSpan elapsed, long suppressed) =>
        (Kind, Elapsed, Suppressed) = (kind, elapsed, suppressed);

    /// <summary>The kind of blocking.</summary>
    public BlockingKind Kind { get; }

    /// <summary>The duration so far: of the wait, of the latency of the thread pool, or of the whole prefix.</summary>
    /// <value>At least the threshold. A starvation that the runtime reports may be shorter.</value>
    public TimeSpan Elapsed { get; }

    /// <summary>The stack of a thread that blocks: the call that waits and the user code below it, one method per line,
    /// innermost first. For a starvation, the stack where most threads wait for a task; if fewer than half of them do,
    /// the stack where most threads were when it was reported.</summary>
    /// <value>Null for a prefix. Null for a starvation if no thread waits for a task and the runtime's diagnostics port
    /// is turned off or does not answer. Files and lines are included for waits, if the symbols are available.</value>
    public string? StackTrace { get; internal init; }

    /// <summary>The name of the fan-out, for <see cref="BlockingKind.SlowPrefix"/>.</summary>
    /// <value>Null for other kinds, and for a fan-out without a name.</value>
    public string? FanOut { get; internal init; }

    /// <summary>The index of the item in its fan-out, for <see cref="BlockingKind.SlowPrefix"/>.</summary>
    /// <value>Null for other kinds.</value>
    public long? Index { get; internal init; }

    /// <summary>The number of thread-pool threads that are known to wait for a task, for
    /// <see cref="BlockingKind.PoolStarvation"/>.</summary>
    /// <value>Zero for other kinds, and if the threads are blocked by something else.</value>
    public int BlockedThreads => Pool?.BlockedThreads ?? 0;

    /// <summary>The number of similar findings that were suppressed since the last report.</summary>
    /// <value>Zero for the first finding.</value>
    public long Suppressed { get; }

    /// <summary>Null for other kinds than <see cref="BlockingKind.PoolStarvation"/>.</summary>
    internal ThreadPoolSnapshot? Pool { get; init; }

    /// <summary>Describes the finding.</summary>
    /// <returns>A text without the stack, as in the log.</returns>
    public override string ToString() => Suppressed == 0
        ? Description
        : Text($"{Description} Suppressed since the last report: {Suppressed}.");

    private string Description => Kind switch
    {
        BlockingKind.SynchronousWait => $"A thread-pool thread waited {TimeText.Of(Elapsed)} for a task.",
        BlockingKind.PoolStarvation => $"Work waited {TimeText.Of(Elapsed)} for a thread-pool thread. {PoolState()}".TrimEnd(),
        _ => Text($"Item {Index} of {Name} ran for {TimeText.Of(Elapsed)} before its first await."),
    };

    private string Name => FanOut is null ? "a fan-out" : $"the fan-out {FanOut}";

    private string PoolState() =>
        Text($"The thread pool has {Pool!.Threads} threads and {Pool.PendingItems} queued items. ")
        + (Pool.Added > 0 ? Text($"The runtime added {Pool.Added} threads because of starvation. ") : "")
        + (BlockedThreads > 0 ? Text($"{BlockedThreads} threads are known to wait for a task. ") : "")
        + Hint();

    private string Hint() => (Pool!.Hotspot, BlockedThreads) switch
    {
        ({ } hotspot, _) => Text($"A sample found {hotspot.Threads} threads in {hotspot.Method}."),
        (null, 0) => "No thread is known to wait for a task; look for sleeps, locks, synchronous I/O and long computations.",
        _ => "",
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
