#pragma warning disable RS0030 // Looks at the pool; what is queued goes through the seam.

namespace AsyncKit;

/// <summary>
/// One work item at a time that does nothing but be begun. How long that takes is what any other work waits.
/// </summary>
/// <remarks>
/// The time is added up from tick to tick, and a tick counts as two intervals at the most: when the whole process has
/// stood still, the pool is not to blame.
/// </remarks>
internal sealed class ThreadPoolProbe(TimeSpan interval) : IThreadPoolWorkItem
{
    private readonly TimeSpan _mostPerTick = interval + interval;
    private volatile bool _isQueued;

    public static int Threads => ThreadPool.ThreadCount;

    public static long PendingItems => ThreadPool.PendingWorkItemCount;

    /// <summary>How long the item has waited.</summary>
    public TimeSpan Waited { get; private set; }

    public void OnTick(TimeSpan passed)
    {
        if (_isQueued)
        {
            Waited += passed < _mostPerTick ? passed : _mostPerTick;
            return;
        }

        Waited = TimeSpan.Zero;
        _isQueued = true;
        AsyncEnvironment.Queue(this);
    }

    public void Execute() => _isQueued = false;
}
