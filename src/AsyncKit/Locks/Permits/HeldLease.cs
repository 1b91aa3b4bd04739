#pragma warning disable MA0055, CA1816 // That nobody has disposed it is known when it is garbage, and not before.

namespace AsyncKit;

/// <summary>A lease that is traced. Is garbage without having ended when everything that could end it is
/// garbage.</summary>
internal sealed class HeldLease(string what, string holder)
{
    ~HeldLease()
    {
        LeakCounter.End();
        LeaseTrace.NeverDisposed(what, holder);
    }

    public string Holder => holder;

    public void End() => GC.SuppressFinalize(this);
}
