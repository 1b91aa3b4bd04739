namespace AsyncKit.Testing;

/// <summary>A recursive lock for a few instructions that waits without the SynchronizationContext.</summary>
/// <remarks>
/// A contended <see cref="Lock"/> or <see cref="Monitor"/> delegates its wait to the current context. The context of a
/// schedule enters the locks of <see cref="ExternalWork"/> for each wait. If it waits for one of these, it enters the
/// lock that the thread is waiting for. The runtime signals only one waiter of a lock at a time, and the outer wait has
/// consumed that signal but not returned, so the inner wait would never end.
/// </remarks>
internal sealed class SpinningLock
{
    private int _owner; // The managed thread id; 0 if the lock is free.
    private int _depth; // Used by the owner only.

    public Scope Enter()
    {
        var thread = Environment.CurrentManagedThreadId;
        if (Volatile.Read(ref _owner) != thread)
        {
            var spinner = default(SpinWait);
            while (Interlocked.CompareExchange(ref _owner, thread, 0) != 0)
            {
                spinner.SpinOnce();
            }
        }

        _depth++;
        return new Scope(this);
    }

    private void Exit()
    {
        if (--_depth == 0)
        {
            Volatile.Write(ref _owner, 0);
        }
    }

    /// <summary>Exits the lock when it is disposed.</summary>
    public readonly ref struct Scope(SpinningLock owner)
    {
        public void Dispose() => owner.Exit();
    }
}
