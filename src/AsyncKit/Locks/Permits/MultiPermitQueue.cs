namespace AsyncKit;

/// <summary>A queue for as many permits as its limit.</summary>
/// <remarks>
/// The state consists of SlowPath, the number of the permit on top of the stack of free permits, the number of held
/// permits, and a tag. The tag changes with each update, so a compare-and-swap from an outdated state fails.
/// <para>
/// Invariants:
/// (1) A permit is held, on the stack of free permits, or owned by the one thread that moves it between the two. The
/// number of held permits includes the first and the last.
/// (2) Permits are created under the lock, when none is free, and are never removed.
/// (3) Only the thread that popped a permit takes it, and only the thread that ended its version pushes it back. The
/// latter writes the number of the next permit. The version of the last report has its own compare-and-swap.
/// </para>
/// </remarks>
internal sealed class MultiPermitQueue(string displayName, int limit, IPermitObserver? observer = null)
    : PermitQueue(displayName, limit, observer)
{
    private const int TopShift = 1;
    private const int HeldShift = 18;
    private const ulong NumberMask = (1UL << 17) - 1;
    private const ulong OneHeld = 1UL << HeldShift;
    private const ulong OneTag = 1UL << 35;

    private Permit[] _permits = [];
    private int _created;

    /// <summary>Called by the thread that ended the permit's version.</summary>
    public void Release(Permit permit)
    {
        if (!TryPush(permit))
        {
            using (EnterExclusive())
            {
                permit.Next = TopOf(State);
                State = WithPushed(State, permit);
            }
        }

        Observer?.CallerLeft();
    }

    protected override bool TryTake(out Lease lease)
    {
        var state = State;
        while ((state & SlowPath) == 0)
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
                lease = permit.Take(Epoch);
                return true;
            }

            state = seen;
        }

        lease = default;
        return false;
    }

    protected override Lease Take()
    {
        var top = TopOf(State);
        var permit = top == 0 ? Create() : _permits[top - 1];
        State = WithPopped(State, permit);
        return permit.Take(Epoch);
    }

    protected override int HeldIn(ulong state) => (int)((state >> HeldShift) & NumberMask);

    protected override ulong WithoutSlowPath(ulong state) => unchecked((state & ~SlowPath) + OneTag);

    private static int TopOf(ulong state) => (int)((state >> TopShift) & NumberMask);

    private static ulong WithTop(ulong state, int number) =>
        (state & ~(NumberMask << TopShift)) | ((ulong)number << TopShift);

    private static ulong WithPopped(ulong state, Permit permit) =>
        unchecked(WithTop(state, permit.Next) + OneHeld + OneTag);

    private static ulong WithPushed(ulong state, Permit permit) =>
        unchecked(WithTop(state, permit.Number) - OneHeld + OneTag);

    private bool TryPush(Permit permit)
    {
        var state = State;
        while ((state & SlowPath) == 0)
        {
            permit.Next = TopOf(state);
            var seen = CompareExchange(WithPushed(state, permit), state);
            if (seen == state)
            {
                return true;
            }

            state = seen;
        }

        return false;
    }

    private Permit Create()
    {
        if (_created == _permits.Length)
        {
            var larger = new Permit[Math.Max(1, 2 * _created)];
            _permits.CopyTo(larger, 0);
            Volatile.Write(ref _permits, larger); // Before the state that refers to the new permit.
        }

        var permit = new Permit(this, _created + 1);
        return _permits[_created++] = permit;
    }
}
