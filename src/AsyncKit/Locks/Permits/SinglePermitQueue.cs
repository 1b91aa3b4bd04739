namespace AsyncKit;

/// <summary>
/// The queue for a single permit. The state is Slow, Held and the version of the lease, which grows with each taking: it
/// says all there is to know, so taking is one compare-and-swap and giving back another.
/// </summary>
internal sealed class SinglePermitQueue(string what, IPermitObserver? owner = null)
    : PermitQueue(what, limit: 1, owner), ILeaseOrigin
{
    private const ulong HeldBit = 2;
    private const ulong OneVersion = 4;

    private HeldLease? _trace;

    bool ILeaseOrigin.IsHeld(long version) => (State & ~Slow) == HeldAs(version);

    void ILeaseOrigin.Release(long version)
    {
        var held = HeldAs(version);
        var trace = _trace;
        if (CompareExchange(held & ~HeldBit, held) != held && !Release(static (queue, held) => ((SinglePermitQueue)queue).PutBack(held), held))
        {
            LeaseTrace.DisposedTwice(What);
            return;
        }

        LeakCounter.End();
        trace?.End();
        Owner?.Left();
    }

    void ILeaseOrigin.Report(long version, GateSignal signal)
    {
    }

    protected override bool TryTake(out Lease lease)
    {
        var state = State;
        while ((state & (Slow | HeldBit)) == 0)
        {
            var held = (state + OneVersion) | HeldBit;
            var seen = CompareExchange(held, state);
            if (seen == state)
            {
                lease = LeaseOf(held, LeaseTrace.Holder());
                return true;
            }

            state = seen;
        }

        lease = default;
        return false;
    }

    protected override Lease Take(string? holder)
    {
        State = (State + OneVersion) | HeldBit;
        return LeaseOf(State, holder);
    }

    protected override int HeldIn(ulong state) => (state & HeldBit) == 0 ? 0 : 1;

    /// <summary>Nothing need be added: the version has changed if anybody has taken the permit.</summary>
    protected override ulong Opened(ulong state) => state & ~Slow;

    protected override IEnumerable<string> HoldersNow() => Held > 0 && _trace is { } trace ? [trace.Holder] : [];

    private static ulong HeldAs(long version) => ((ulong)version * OneVersion) | HeldBit;

    private bool PutBack(ulong held)
    {
        if ((State & ~Slow) != held)
        {
            return false;
        }

        State &= ~HeldBit;
        return true;
    }

    private Lease LeaseOf(ulong state, string? holder)
    {
        LeakCounter.Begin();
        if (holder is not null || _trace is not null)
        {
            _trace = holder is null ? null : new HeldLease(What, holder);
        }

        return new Lease(this, (long)(state / OneVersion));
    }
}
