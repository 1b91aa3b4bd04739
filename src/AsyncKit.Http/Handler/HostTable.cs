using System.Threading.RateLimiting;

namespace AsyncKit.Http;

/// <summary>The hosts with requests, each with its limits.</summary>
/// <param name="options">The options of the client.</param>
/// <param name="client">The name of the client; null for none.</param>
/// <remarks>
/// Invariants, under the lock:
/// (1) A host with users is in the table, but not in the idle list.
/// (2) A host without users is in the idle list if it has state for the next user. Otherwise it is removed.
/// (3) The idle list has at most <see cref="MaxIdle"/> hosts. The host that was idle longest is removed first.
/// <para>
/// User code that creates a limiter runs outside the lock. Two callers may each create one; the second is disposed.
/// </para>
/// </remarks>
internal sealed class HostTable(AsyncKitHttpOptions options, string? client = null) : IDisposable
{
    public const int MaxIdle = 1_024;

    private readonly Lock _lock = new();
    private readonly Dictionary<HostKey, Host> _hosts = [];
    private readonly LinkedList<Host> _idle = [];
    private readonly HostGates _gates = new(options, client);
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

    private bool HasState => options.AdaptiveLimitPerHost is not null || options.StartRatePerHost is not null;

    /// <summary>Waits until the host's limits admit one more request.</summary>
    public async ValueTask<HostLease> AcquireAsync(HostKey key, TimeProvider clock, CancellationToken token)
    {
        var host = Take(key);
        Lease lease = default;
        RateLimitLease? startLease = null;
        try
        {
            if (host.Gate is { } gate)
            {
                lease = await gate.AcquireAsync(token).NoContext();
            }

            if (host.StartRate is { } startRate)
            {
                startLease = await RateLimits.AcquireAsync(startRate, clock, token).NoContext();
            }
        }
        catch (Exception)
        {
            lease.Report(GateSignal.Ignored);
            lease.Dispose();
            Return(host);
            throw;
        }

        return new HostLease(this, host, lease, startLease);
    }

    public void Return(Host host)
    {
        Host? removed = null;
        lock (_lock)
        {
            if (--host.Users > 0)
            {
                return;
            }

            if (_isDisposed || !HasState)
            {
                _hosts.Remove(host.Key);
                removed = host;
            }
            else
            {
                host.IdleNode = _idle.AddLast(host);
                if (_idle.Count > MaxIdle)
                {
                    removed = _idle.First!.Value;
                    _idle.RemoveFirst();
                    _hosts.Remove(removed.Key);
                }
            }
        }

        removed?.Dispose();
    }

    /// <summary>Disposes the idle hosts. A host with users is disposed when its last user returns it.</summary>
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

    private Host Take(HostKey key)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, typeof(AsyncKitHttpHandler));
            if (TryAddUser(key) is { } host)
            {
                return host;
            }
        }

        var created = Create(key);
        Host added;
        lock (_lock)
        {
            added = TryAddUser(key) ?? created;
            if (ReferenceEquals(added, created))
            {
                created.Users = 1;
                _hosts.Add(key, created);
            }
        }

        if (!ReferenceEquals(added, created))
        {
            created.Dispose();
        }

        return added;
    }

    /// <summary>Returns the host with one more user; null if it is not in the table. Call it under the lock.</summary>
    private Host? TryAddUser(HostKey key)
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

    private Host Create(HostKey key) => new(
        key,
        _gates.Of(key),
        options.StartRatePerHost is not { } create ? null
            : create(key.ToString()) ?? throw new InvalidOperationException(
                $"StartRatePerHost must return a limiter; it returned null for {key}."));
}
