using System.Threading.RateLimiting;

namespace AsyncKit.Http;

/// <summary>The limits of one host. Users and its place among the idle belong to the table, and to its lock.</summary>
internal sealed class Host(HostKey key, ConcurrencyGate? gate, RateLimiter? startRate)
{
    public HostKey Key { get; } = key;

    public ConcurrencyGate? Gate { get; } = gate;

    public RateLimiter? StartRate { get; } = startRate;

    public int Users { get; set; }

    public LinkedListNode<Host>? IdleNode { get; set; }
}
