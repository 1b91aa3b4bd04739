using System.Threading.RateLimiting;

namespace AsyncKit.Http;

/// <summary>The limits of one host. Users and its place among the idle belong to the table, and to its lock.</summary>
internal sealed class Host(HostKey key, ConcurrencyGate? gate, RateLimiter? startRate) : IDisposable
{
    public HostKey Key { get; } = key;

    public ConcurrencyGate? Gate { get; } = gate;

    public RateLimiter? StartRate { get; } = startRate;

    public int Users { get; set; }

    public LinkedListNode<Host>? IdleNode { get; set; }

    /// <summary>Also on the finalizer's thread, or in the Dispose of a response of another host.</summary>
    public void Dispose()
    {
        try
        {
            StartRate?.Dispose();
        }
        catch (Exception)
        {
            // A limiter of the user's that throws must not end who has nothing to do with it.
        }
    }
}
