using System.Threading.RateLimiting;

namespace AsyncKit.Http;

/// <summary>The limits of one host. The lock of the table guards <see cref="Users"/> and
/// <see cref="IdleNode"/>.</summary>
internal sealed class Host(HostKey key, ConcurrencyGate? gate, RateLimiter? startRate) : IDisposable
{
    public HostKey Key { get; } = key;

    public ConcurrencyGate? Gate { get; } = gate;

    public RateLimiter? StartRate { get; } = startRate;

    public int Users { get; set; }

    public LinkedListNode<Host>? IdleNode { get; set; }

    /// <summary>Disposes the rate limiter. May run on the finalizer's thread, or in the Dispose of a response from
    /// another host.</summary>
    public void Dispose()
    {
        try
        {
            StartRate?.Dispose();
        }
        catch (Exception)
        {
            // A user-supplied limiter may throw from Dispose; an unrelated request must not fail because of it.
        }
    }
}
