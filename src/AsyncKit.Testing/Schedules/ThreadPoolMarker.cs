namespace AsyncKit.Testing;

/// <summary>
/// Queued to the pool by the controlled thread, behind all that this thread has queued before: the queue of all is served
/// in order, and so is what others take from the queue of one thread.
/// </summary>
internal sealed class ThreadPoolMarker : IThreadPoolWorkItem
{
    private int _missing;

    public ThreadPoolMarker()
    {
        var hasQueueOfItsOwn = Thread.CurrentThread.IsThreadPoolThread;
        _missing = hasQueueOfItsOwn ? 2 : 1;
#pragma warning disable RS0030 // Looks at the pool, and queues nothing of a test's.
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        if (hasQueueOfItsOwn)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);
        }
#pragma warning restore RS0030
    }

    public bool IsReached => Volatile.Read(ref _missing) == 0;

    void IThreadPoolWorkItem.Execute() => Interlocked.Decrement(ref _missing);
}
