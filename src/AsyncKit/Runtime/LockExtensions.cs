namespace AsyncKit;

/// <summary>Entering a lock on a thread that <see cref="Thread.Interrupt"/> may hit.</summary>
internal static class LockExtensions
{
    /// <summary>Enters the lock. An interrupt during the wait does not throw, because it would lose what the caller is
    /// about to release. Disposing the result exits the lock.</summary>
    /// <param name="mutex">The lock to enter.</param>
    /// <param name="keepsInterrupt">True to interrupt the next wait of the thread instead; false to consume the
    /// interrupt, on a thread that AsyncKit owns.</param>
    public static Scope EnterUninterrupted(this Lock mutex, bool keepsInterrupt = true)
    {
        if (!mutex.TryEnter())
        {
            Wait(mutex, keepsInterrupt);
        }

        return new Scope(mutex);
    }

    private static void Wait(Lock mutex, bool keepsInterrupt)
    {
        var isInterrupted = false;
        while (true)
        {
            try
            {
                mutex.Enter();
                break;
            }
            catch (ThreadInterruptedException)
            {
                isInterrupted = true;
            }
        }

        if (isInterrupted && keepsInterrupt)
        {
            Thread.CurrentThread.Interrupt();
        }
    }

    /// <summary>The scope in which the thread has the lock.</summary>
    public readonly ref struct Scope(Lock mutex)
    {
        public void Dispose() => mutex.Exit();
    }
}
