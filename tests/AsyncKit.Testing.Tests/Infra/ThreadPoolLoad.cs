namespace AsyncKit.Testing.Tests;

/// <summary>Loads the thread pool with short, unrelated work items until it is disposed.</summary>
internal sealed class ThreadPoolLoad : IDisposable
{
    private readonly Thread[] _threads;
    private volatile bool _isDisposed;

    public ThreadPoolLoad()
    {
        _threads = [.. Enumerable.Range(0, 2).Select(_ => new Thread(Load))];
        Array.ForEach(_threads, thread => thread.Start());
    }

    public void Dispose()
    {
        _isDisposed = true;
        Array.ForEach(_threads, thread => thread.Join());
    }

    private void Load()
    {
        var pending = 0;
        while (!_isDisposed)
        {
            if (Volatile.Read(ref pending) < 4)
            {
                Interlocked.Increment(ref pending);
                ThreadPool.UnsafeQueueUserWorkItem(
                    _ =>
                    {
                        Thread.SpinWait(50);
                        Interlocked.Decrement(ref pending);
                    },
                    null);
            }

            Thread.Yield();
        }
    }
}
