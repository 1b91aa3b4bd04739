using System.Diagnostics;

namespace AsyncKit.Diagnostics;

/// <summary>A synchronous wait of a thread-pool thread for a task. Created on that thread.</summary>
internal sealed class BlockedWait(int taskId, long startedAt, StackTrace? stack, BlockedWait? outer)
{
    private readonly Thread _thread = Thread.CurrentThread;
    private volatile bool _isWorking;
    private int _isReported;

    public int TaskId => taskId;

    public long StartedAt => startedAt;

    /// <summary>Null if too many waits started within one interval.</summary>
    public StackTrace? Stack => stack;

    /// <summary>The wait around this one: its thread runs the awaited task inline, and that task waits.</summary>
    public BlockedWait? Outer => outer;

    /// <summary>True if the thread runs the task it waits for. Set by that thread.</summary>
    public bool IsWorking
    {
        get => _isWorking;
        set => _isWorking = value;
    }

    public bool IsAlive => _thread.IsAlive;

    /// <returns>True for the first call; otherwise, false.</returns>
    public bool TryReport() => Interlocked.Exchange(ref _isReported, 1) == 0;
}
