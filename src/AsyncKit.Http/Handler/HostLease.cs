using System.Threading.RateLimiting;

namespace AsyncKit.Http;

/// <summary>The place of one request at its host, left once. A response that was dropped, neither read to its end nor
/// disposed, gives it back when it is collected.</summary>
internal sealed class HostLease(HostTable table, Host host, Lease lease, RateLimitLease? startLease)
{
    private int _isLeft;

#pragma warning disable MA0055, CA1816 // A place that is lost would be lost for ever; it is no resource that a user disposes.
    ~HostLease() => Leave();

    /// <summary>What the attempt tells about the host's limit; the first counts.</summary>
    public void Report(GateSignal signal) => lease.Report(signal);

    public void Leave()
    {
        if (Interlocked.Exchange(ref _isLeft, 1) != 0)
        {
            return;
        }

        GC.SuppressFinalize(this);
        try
        {
            startLease?.Dispose();
        }
        catch (Exception)
        {
            // A user-supplied limiter may throw; the response, or the finalizer thread, must not fail because of it.
        }

        lease.Dispose();
        table.Return(host);
    }
#pragma warning restore MA0055, CA1816
}
