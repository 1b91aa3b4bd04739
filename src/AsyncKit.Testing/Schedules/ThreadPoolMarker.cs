namespace AsyncKit.Testing;

/// <summary>A work item that the controlled thread queues to the thread pool behind all its earlier items. The global
/// queue is first-in, first-out, and so are items that other threads steal from a local queue.</summary>
internal sealed class ThreadPoolMarker : IThreadPoolWorkItem
{
    private int _missing;

    public ThreadPoolMarker()
    {
        var hasLocalQueue = Thread.CurrentThread.IsThreadPoolThread;
        _missing = hasLocalQueue ? 2 : 1;
#pragma warning disable RS0030 // Observes the thread pool; queues no work of a test.
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        if (hasLocalQueue)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);
        }
#pragma warning restore RS0030
    }

    public bool IsReached => Volatile.Read(ref _missing) == 0;

    void IThreadPoolWorkItem.Execute() => Interlocked.Decrement(ref _missing);
}
