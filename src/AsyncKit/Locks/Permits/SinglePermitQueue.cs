namespace AsyncKit;

/// <summary>A queue for a single permit.</summary>
/// <remarks>
/// The state consists of SlowPath, Held and the version of the lease. The version increases with each lease, so one
/// compare-and-swap acquires the permit and another one releases it, if exactly that version is held.
/// </remarks>
internal sealed class SinglePermitQueue(string displayName, IPermitObserver? observer = null)
    : PermitQueue(displayName, limit: 1, observer), ILeaseOrigin
{
    private const ulong HeldBit = 2;
    private const ulong OneVersion = 4;

    bool ILeaseOrigin.IsHeld(long version) => (State & ~SlowPath) == HeldState(version);

    void ILeaseOrigin.Release(long version)
    {
        var held = HeldState(version);
        if (CompareExchange(held & ~HeldBit, held) == held || TryReleaseSlow(held))
        {
            LeakCounter.End();
            Observer?.CallerLeft();
        }
    }

    void ILeaseOrigin.Report(long version, GateSignal signal)
    {
    }

    protected override bool TryTake(out Lease lease)
    {
        var state = State;
        while ((state & (SlowPath | HeldBit)) == 0)
        {
            var held = (state + OneVersion) | HeldBit;
            var seen = CompareExchange(held, state);
            if (seen == state)
            {
                lease = NewLease(held);
                return true;
            }

            state = seen;
        }

        lease = default;
        return false;
    }

    protected override Lease Take()
    {
        State = (State + OneVersion) | HeldBit;
        return NewLease(State);
    }

    protected override int HeldIn(ulong state) => (state & HeldBit) == 0 ? 0 : 1;

    /// <summary>Needs no tag: the version changes whenever the permit is acquired.</summary>
    protected override ulong WithoutSlowPath(ulong state) => state & ~SlowPath;

    private static ulong HeldState(long version) => ((ulong)version * OneVersion) | HeldBit;

    private bool TryReleaseSlow(ulong held)
    {
        using (EnterExclusive())
        {
            if ((State & ~SlowPath) != held)
            {
                return false;
            }

            State &= ~HeldBit;
            return true;
        }
    }

    private Lease NewLease(ulong state)
    {
        LeakCounter.Begin();
        return new Lease(this, (long)(state / OneVersion));
    }
}
