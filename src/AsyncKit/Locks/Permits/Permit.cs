namespace AsyncKit;

/// <summary>One permit of a <see cref="MultiPermitQueue"/>, reused by one holder after the other.</summary>
/// <remarks>
/// Lifetime: created when no permit is free, and kept as long as the queue. A lease is a permit and the version at
/// which it was acquired, so a stale lease finds another version and does nothing.
/// <para>
/// Invariants:
/// (1) The version is odd while the permit is held, even while it is free, and only increases.
/// (2) Only the thread that popped the permit from the queue's stack calls <see cref="Take"/>.
/// (3) Only the thread that ended the version pushes the permit back.
/// </para>
/// </remarks>
internal sealed class Permit(MultiPermitQueue queue, int number) : ILeaseOrigin
{
    private long _version;
    private long _reportedVersion;

    /// <summary>The number of the permit, from 1. 0 means no permit.</summary>
    public int Number { get; } = number;

    /// <summary>The number of the next free permit. A thread that loses the race for this permit may read a stale
    /// value, and then discards it.</summary>
    public int Next { get; set; }

    /// <summary>The epoch of an adaptive limit in which the permit was acquired.</summary>
    public int Epoch { get; private set; }

    public Lease Take(int epoch)
    {
        LeakCounter.Begin();
        Epoch = epoch;
        var version = _version + 1;
        Volatile.Write(ref _version, version);
        return new Lease(this, version);
    }

    public bool IsHeld(long version) => Volatile.Read(ref _version) == version;

    public void Release(long version)
    {
        if (IsHeld(version) && Interlocked.CompareExchange(ref _version, version + 1, version) == version)
        {
            LeakCounter.End();
            queue.Release(this); // Must be last: another caller may hold the permit afterwards.
        }
    }

    public void Report(long version, GateSignal signal)
    {
        var reported = Volatile.Read(ref _reportedVersion);
        var epoch = Epoch;
        if (IsHeld(version) && reported < version
            && Interlocked.CompareExchange(ref _reportedVersion, version, reported) == reported)
        {
            queue.Observer?.SignalReported(signal, epoch);
        }
    }
}
