namespace AsyncKit;

/// <summary>
/// One permit of a <see cref="MultiPermitQueue"/>, used again by one holder after the other. Its version tells them apart:
/// odd while it is held, even while it is free, and it only grows. A lease is a permit and the version it was taken
/// with, so an old lease finds another version and does nothing.
/// </summary>
internal sealed class Permit(MultiPermitQueue queue, int number) : ILeaseOrigin
{
    private long _version;
    private long _reported;
    private HeldLease? _held;

    /// <summary>From 1; 0 is none.</summary>
    public int Number { get; } = number;

    /// <summary>The number of the next free permit. Read by whoever may lose the race for this one: then the value is
    /// not used.</summary>
    public int Next { get; set; }

    /// <summary>Which limit of an adaptive gate it was taken under.</summary>
    public int Epoch { get; private set; }

    public string? Holder => Volatile.Read(ref _held)?.Holder;

    /// <summary>Only by whoever has just got it out of the queue: nobody else writes to it then.</summary>
    public Lease Take(int epoch, string? holder)
    {
        LeakCounter.Begin();
        Epoch = epoch;
        if (holder is not null)
        {
            _held = new HeldLease(queue.What, holder);
        }

        var version = _version + 1;
        Volatile.Write(ref _version, version);
        return new Lease(this, version);
    }

    public bool IsHeld(long version) => Volatile.Read(ref _version) == version;

    public void Release(long version)
    {
        if (Volatile.Read(ref _version) != version
            || Interlocked.CompareExchange(ref _version, version + 1, version) != version)
        {
            LeaseTrace.DisposedTwice(queue.What);
            return;
        }

        LeakCounter.End();
        if (_held is { } held)
        {
            _held = null;
            held.End();
        }

        queue.Release(this); // The very last thing: from here on it is somebody else's.
    }

    public void Report(long version, GateSignal signal)
    {
        var reported = Volatile.Read(ref _reported);
        var epoch = Epoch;
        if (IsHeld(version) && reported < version
            && Interlocked.CompareExchange(ref _reported, version, reported) == reported)
        {
            queue.Owner?.Reported(signal, epoch);
        }
    }
}
