namespace AsyncKit;

/// <summary>Wakes one waiter that waits for an index; reused for every wait.</summary>
/// <remarks>
/// The waiter arms the signal, re-checks whether it must wait, and then either disarms it or awaits it. The waking
/// thread first makes the change that the waiter waits for, and then reads the index. A full fence on both sides
/// ensures that at least one of the two sees the other.
/// <para>
/// Invariants:
/// (1) There is one waiter at a time.
/// (2) Each wait ends by one successful compare-and-swap from its index, either by the waiter or by a waking thread.
/// So a late wake for an earlier index finds another one and does nothing.
/// </para>
/// </remarks>
internal sealed class IndexSignal : ReusableSignal
{
    private const long NoWaiter = -1;

    private long _index = NoWaiter;

    public void Arm(long index)
    {
        Reset();
        _ = Interlocked.Exchange(ref _index, index);
    }

    /// <returns>True if the wait was withdrawn; false if a thread wakes the waiter, which must then await the
    /// signal.</returns>
    public bool TryDisarm(long index) => Interlocked.CompareExchange(ref _index, NoWaiter, index) == index;

    /// <summary>Wakes a waiter for an index up to this one.</summary>
    public void WakeUpTo(long index)
    {
        Interlocked.MemoryBarrier();
        var waited = Volatile.Read(ref _index);
        if (waited != NoWaiter && waited <= index && TryDisarm(waited))
        {
            Set();
        }
    }

    /// <summary>Wakes a waiter for exactly this index.</summary>
    public void Wake(long index)
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _index) == index && TryDisarm(index))
        {
            Set();
        }
    }
}
