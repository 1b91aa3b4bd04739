using System.Diagnostics;

namespace AsyncKit.Comparison;

/// <summary>A work item that measures only how long it waited for a thread-pool thread.</summary>
internal sealed class PoolWait : IThreadPoolWorkItem
{
    private long _queuedAt;
    private long _startedAt;

    public bool Ran => Volatile.Read(ref _startedAt) != 0;

    /// <summary>The wait until the item ran, or until now if it still waits.</summary>
    public TimeSpan Waited
    {
        get
        {
            var startedAt = Volatile.Read(ref _startedAt);
            return Stopwatch.GetElapsedTime(_queuedAt, startedAt == 0 ? Stopwatch.GetTimestamp() : startedAt);
        }
    }

    public void Queue()
    {
        _queuedAt = Stopwatch.GetTimestamp();
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    public void Execute() => Volatile.Write(ref _startedAt, Stopwatch.GetTimestamp());
}
