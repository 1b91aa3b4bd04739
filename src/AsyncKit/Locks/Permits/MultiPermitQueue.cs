namespace AsyncKit;

/// <summary>
/// The queue for as many permits as the limit says. The state is Slow, the number of the permit on top of the stack of
/// free ones, how many are held, and a tag that changes each time, so that a change that was overtaken fails.
/// </summary>
/// <remarks>
/// Invariants: (1) A permit is held, on the stack of free ones, or on its way between the two in one thread's hands. Held
/// counts the first and the last. (2) Permits are made under the lock, when none is free, and never go. (3) Only whoever
/// has just got a permit off the stack writes to it, and whoever ends its version puts it back.
/// </remarks>
internal sealed class MultiPermitQueue(string what, int limit, IPermitObserver? owner = null) : PermitQueue(what, limit, owner)
{
    private const int TopShift = 1;
    private const int HeldShift = 18;
    private const ulong NumberMask = (1UL << 17) - 1;
    private const ulong OneHeld = 1UL << HeldShift;
    private const ulong OneTag = 1UL << 35;

    private Permit[] _permits = [];
    private int _made;

    /// <summary>By whoever has ended the permit's version.</summary>
    public void Release(Permit permit)
    {
        var state = State;
        while ((state & Slow) == 0)
        {
            permit.Next = TopOf(state);
            var seen = CompareExchange(WithPushed(state, permit), state);
            if (seen == state)
            {
                Owner?.Left();
                return;
            }

            state = seen;
        }

        _ = Release(static (queue, permit) => ((MultiPermitQueue)queue).PutBack(permit), permit);
        Owner?.Left();
    }

    protected override bool TryTake(out Lease lease)
    {
        var state = State;
        while ((state & Slow) == 0)
        {
            var top = TopOf(state);
            if (top == 0 || HeldIn(state) >= Limit)
            {
                break;
            }

            var permit = _permits[top - 1];
            var seen = CompareExchange(WithPopped(state, permit), state);
            if (seen == state)
            {
                lease = permit.Take(Epoch, LeaseTrace.Holder());
                return true;
            }

            state = seen;
        }

        lease = default;
        return false;
    }

    protected override Lease Take(string? holder)
    {
        var top = TopOf(State);
        var permit = top == 0 ? Make() : _permits[top - 1];
        State = WithPopped(State, permit);
        return permit.Take(Epoch, holder);
    }

    protected override int HeldIn(ulong state) => (int)((state >> HeldShift) & NumberMask);

    protected override ulong Opened(ulong state) => unchecked((state & ~Slow) + OneTag);

    protected override IEnumerable<string> HoldersNow() =>
        _permits.Take(_made).Select(permit => permit.Holder).OfType<string>();

    private static int TopOf(ulong state) => (int)((state >> TopShift) & NumberMask);

    private static ulong WithTop(ulong state, int number) =>
        (state & ~(NumberMask << TopShift)) | ((ulong)number << TopShift);

    private static ulong WithPopped(ulong state, Permit permit) =>
        unchecked(WithTop(state, permit.Next) + OneHeld + OneTag);

    private static ulong WithPushed(ulong state, Permit permit) =>
        unchecked(WithTop(state, permit.Number) - OneHeld + OneTag);

    private bool PutBack(Permit permit)
    {
        permit.Next = TopOf(State);
        State = WithPushed(State, permit);
        return true;
    }

    private Permit Make()
    {
        if (_made == _permits.Length)
        {
            var more = new Permit[Math.Max(1, 2 * _made)];
            _permits.CopyTo(more, 0);
            Volatile.Write(ref _permits, more); // Before the state that leads there.
        }

        var permit = new Permit(this, _made + 1);
        return _permits[_made++] = permit;
    }
}
