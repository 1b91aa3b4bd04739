using System.Threading.RateLimiting;

namespace AsyncKit.Http;

/// <summary>
/// The hosts that are used, each with its limits. Invariants, under the lock:
/// <list type="number">
/// <item>A host that has users is in the table, and not among the idle.</item>
/// <item>One without is among the idle, if it has learned something that the next user needs, or else gone.</item>
/// <item>There are at most <see cref="MostIdle"/> idle ones; the one that is idle for the longest time goes first.</item>
/// </list>
/// The user's code that makes a limiter runs outside the lock, so two may be made, and one is disposed again.
/// </summary>
internal sealed class HostTable(AsyncKitHttpOptions options) : IDisposable
{
    public const int MostIdle = 1_024;

    private static readonly TimeSpan PauseWithoutHint = TimeSpan.FromMilliseconds(50);

    private readonly Lock _lock = new();
    private readonly Dictionary<HostKey, Host> _hosts = [];
    private readonly LinkedList<Host> _idle = [];
    private bool _isDisposed;

    public bool HasLimits { get; } =
        options is not { MaxConcurrencyPerHost: null, AdaptiveLimitPerHost: null, StartRatePerHost: null };

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _hosts.Count;
            }
        }
    }

    private bool Learns => options.AdaptiveLimitPerHost is not null || options.StartRatePerHost is not null;

    /// <summary>Waits until the host's limits let one more request start.</summary>
    public async ValueTask<HostLease> EnterAsync(HostKey key, TimeProvider clock, CancellationToken token)
    {
        var host = Take(key);
        Lease lease = default;
        try
        {
            if (host.Gate is { } gate)
            {
                lease = await gate.AcquireAsync(token).NoContext();
            }

            if (host.StartRate is { } startRate)
            {
                await WaitForStartAsync(startRate, clock, token).NoContext();
            }
        }
        catch (Exception)
        {
            lease.Report(GateSignal.Ignored);
            lease.Dispose();
            Return(host);
            throw;
        }

        return new HostLease(this, host, lease);
    }

    public void Return(Host host)
    {
        Host? gone = null;
        lock (_lock)
        {
            if (--host.Users > 0)
            {
                return;
            }

            if (_isDisposed || !Learns)
            {
                _hosts.Remove(host.Key);
                gone = host;
            }
            else
            {
                host.IdleNode = _idle.AddLast(host);
                if (_idle.Count > MostIdle)
                {
                    gone = _idle.First!.Value;
                    _idle.RemoveFirst();
                    _hosts.Remove(gone.Key);
                }
            }
        }

        gone?.Dispose();
    }

    /// <summary>A host that is used now is disposed when it no longer is.</summary>
    public void Dispose()
    {
        Host[] idle;
        lock (_lock)
        {
            _isDisposed = true;
            idle = [.. _idle];
            _idle.Clear();
            Array.ForEach(idle, host => _hosts.Remove(host.Key));
        }

        Array.ForEach(idle, host => host.Dispose());
    }

    private static async ValueTask WaitForStartAsync(RateLimiter startRate, TimeProvider clock, CancellationToken token)
    {
        while (true)
        {
            using var lease = await startRate.AcquireAsync(permitCount: 1, token).NoContext();
            if (lease.IsAcquired)
            {
                return;
            }

            var pause = lease.TryGetMetadata(MetadataName.RetryAfter, out var hint) && hint > TimeSpan.Zero
                ? hint
                : PauseWithoutHint;
            await Task.Delay(pause < Guards.MaxTimeout ? pause : Guards.MaxTimeout, clock, token).NoContext();
        }
    }

    private Host Take(HostKey key)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, typeof(AsyncKitHttpHandler));
            if (Find(key) is { } host)
            {
                return host;
            }
        }

        var made = Make(key);
        Host taken;
        lock (_lock)
        {
            taken = Find(key) ?? made;
            if (ReferenceEquals(taken, made))
            {
                made.Users = 1;
                _hosts.Add(key, made);
            }
        }

        if (!ReferenceEquals(taken, made))
        {
            made.Dispose();
        }

        return taken;
    }

    /// <summary>Under the lock.</summary>
    private Host? Find(HostKey key)
    {
        if (!_hosts.TryGetValue(key, out var host))
        {
            return null;
        }

        if (host.Users++ == 0)
        {
            _idle.Remove(host.IdleNode!);
            host.IdleNode = null;
        }

        return host;
    }

    private Host Make(HostKey key) => new(
        key,
        options.AdaptiveLimitPerHost is { } adaptive ? new ConcurrencyGate(adaptive) { TimeProvider = options.Retry.TimeProvider }
            : options.MaxConcurrencyPerHost is { } limit ? new ConcurrencyGate(limit)
            : null,
        options.StartRatePerHost is not { } make ? null
            : make(key.ToString()) ?? throw new InvalidOperationException($"StartRatePerHost gave no limiter for {key}."));
}
