#pragma warning disable RS0030 // Reads the counters of the thread pool; the item is queued by AsyncEnvironment.

namespace AsyncKit.Diagnostics;

/// <summary>
/// Measures the latency of the thread pool with one empty work item at a time.
/// </summary>
/// <remarks>
/// The time is added up from tick to tick, and a tick counts as two intervals at most: if the whole process stood still,
/// the thread pool is not the cause.
/// </remarks>
internal sealed class ThreadPoolProbe(TimeSpan interval) : IThreadPoolWorkItem
{
    private readonly TimeSpan _maxPerTick = interval + interval;
    private volatile bool _isQueued;

    public static int Threads => ThreadPool.ThreadCount;

    public static long PendingItems => ThreadPool.PendingWorkItemCount;

    /// <summary>The time for which the queued item has waited.</summary>
    public TimeSpan Waited { get; private set; }

    public void OnTick(TimeSpan elapsed)
    {
        if (_isQueued)
        {
            Waited += elapsed < _maxPerTick ? elapsed : _maxPerTick;
            return;
        }

        Waited = TimeSpan.Zero;
        _isQueued = true;
        AsyncEnvironment.Queue(this);
    }

    public void Execute() => _isQueued = false;
}
