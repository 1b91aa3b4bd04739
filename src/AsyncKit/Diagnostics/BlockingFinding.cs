using System.Globalization;

namespace AsyncKit;

/// <summary>One thing that blocks, as a <see cref="BlockingDetector"/> tells it. Immutable.</summary>
public sealed class BlockingFinding
{
    private readonly ThreadPoolSnapshot? _pool;

    internal BlockingFinding(
        BlockingKind kind,
        TimeSpan elapsed,
        string? stackTrace,
        string? fanOut,
        long? index,
        ThreadPoolSnapshot? pool,
        long suppressed)
    {
        Kind = kind;
        Elapsed = elapsed;
        StackTrace = stackTrace;
        FanOut = fanOut;
        Index = index;
        _pool = pool;
        Suppressed = suppressed;
    }

    /// <summary>What it is.</summary>
    public BlockingKind Kind { get; }

    /// <summary>How long it has lasted so far: the wait, the latency of the pool, or the whole prefix.</summary>
    /// <value>At least the threshold, except that the runtime may tell of a starvation below it.</value>
    public TimeSpan Elapsed { get; }

    /// <summary>Where a thread waits: the call that waits and the user's methods below it, one a line, innermost first.
    /// In a starvation the place where most threads are known to wait or, if those are less than half, where most of them
    /// were when it was told.</summary>
    /// <value>Null for a prefix. Null for a starvation by what is not a wait for a task (a sleep, a lock, synchronous
    /// I/O), where the runtime does not tell the stacks of other threads: it does on Linux, unless its diagnostics port is
    /// turned off. Files and lines are there if the symbols are, and for waits only.</value>
    public string? StackTrace { get; }

    /// <summary>The name of the fan-out, for <see cref="BlockingKind.SlowPrefix"/>.</summary>
    /// <value>Null for other kinds, and when the fan-out has no name.</value>
    public string? FanOut { get; }

    /// <summary>The index of the item in its fan-out, for <see cref="BlockingKind.SlowPrefix"/>.</summary>
    /// <value>Null for other kinds.</value>
    public long? Index { get; }

    /// <summary>How many threads of the pool are known to wait for a task, for
    /// <see cref="BlockingKind.PoolStarvation"/>.</summary>
    /// <value>Zero for other kinds, and when what blocks is not a wait for a task.</value>
    public int BlockedThreads => _pool?.BlockedThreads ?? 0;

    /// <summary>How many like this were found since the last one that was told.</summary>
    /// <value>Zero at first.</value>
    public long Suppressed { get; }

    /// <summary>A sentence or two, without the stack.</summary>
    /// <returns>What was found, and for how long.</returns>
    public override string ToString() => Kind switch
    {
        BlockingKind.SynchronousWait => Text($"A thread of the pool has waited {Milliseconds} ms for a task."),
        BlockingKind.PoolStarvation => Text($"Work has waited {Milliseconds} ms for a thread of the pool. {Pool()}").TrimEnd(),
        _ => Text($"Item {Index} of {Name} kept its thread for {Milliseconds} ms before its first await."),
    };

    private string Name => FanOut is null ? "a fan-out" : $"the fan-out {FanOut}";

    private string Milliseconds => Text($"{Elapsed.TotalMilliseconds:0}");

    private string Pool() =>
        Text($"It has {_pool!.Threads} threads and {_pool.PendingItems} items that wait. ")
        + (_pool.Added > 0 ? Text($"The runtime has added {_pool.Added} threads because of that. ") : "")
        + (BlockedThreads > 0 ? Text($"{BlockedThreads} of the threads are known to wait for a task. ") : "")
        + Hint();

    private string Hint() => (_pool!.Place, BlockedThreads) switch
    {
        ({ } place, _) => Text($"When they were looked at, {place.Threads} of them were in {place.Method}."),
        (null, 0) => "None is known to wait for a task: look for sleeps, locks, synchronous I/O and long computations.",
        _ => "",
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
