using System.Threading.RateLimiting;

namespace AsyncKit.Http;

/// <summary>The permit of one request at its host. It is released once.</summary>
/// <remarks>A response that the application neither reads to the end nor disposes releases its permit when it is
/// collected.</remarks>
internal sealed class HostLease(HostTable table, Host host, Lease lease, RateLimitLease? startLease)
{
    private int _isReleased;

#pragma warning disable MA0055, CA1816 // Without a finalizer, a dropped response would hold its permit forever.
    ~HostLease() => Release();

    /// <summary>Reports the outcome of the attempt to the host's limit. Only the first report counts.</summary>
    public void Report(GateSignal signal) => lease.Report(signal);

    public void Release()
    {
        if (Interlocked.Exchange(ref _isReleased, 1) != 0)
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
