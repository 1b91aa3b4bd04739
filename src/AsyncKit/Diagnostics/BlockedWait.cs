using System.Diagnostics;

namespace AsyncKit;

/// <summary>A wait of a thread of the pool for a task, made on that thread.</summary>
internal sealed class BlockedWait(int taskId, long startedAt, StackTrace? stack, BlockedWait? outer)
{
    private readonly Thread _thread = Thread.CurrentThread;
    private volatile bool _isWorking;
    private int _isReported;

    public int TaskId => taskId;

    public long StartedAt => startedAt;

    /// <summary>Null when too many waits began within a moment.</summary>
    public StackTrace? Stack => stack;

    /// <summary>The wait inside of which this one is: that one runs its task itself.</summary>
    public BlockedWait? Outer => outer;

    /// <summary>The thread runs the task that it waits for. Set by that thread.</summary>
    public bool IsWorking
    {
        get => _isWorking;
        set => _isWorking = value;
    }

    public bool IsAlive => _thread.IsAlive;

    /// <returns>True once.</returns>
    public bool TryReport() => Interlocked.Exchange(ref _isReported, 1) == 0;
}
