namespace AsyncKit.Http;

/// <summary>Creates the gates of the hosts of one client, with names for metrics.</summary>
/// <param name="options">The options of the client.</param>
/// <param name="client">The name of the client, which starts the name of each gate; null for none.</param>
/// <remarks>
/// The first hosts of a client get a name and keep their gate, even while they have no requests. All other hosts share one name.
/// So the number of names has a limit, no matter how many hosts a crawler visits, and a named gate is not counted twice while
/// an older one is still garbage.
/// </remarks>
internal sealed class HostGates(AsyncKitHttpOptions options, string? client)
{
    public const int MaxNames = 100;

    private readonly Lock _lock = new();
    private readonly Dictionary<HostKey, ConcurrencyGate> _named = [];
    private readonly string _others = NameOf(client, "other hosts");

    /// <summary>Returns null if the options have no limit of concurrency.</summary>
    public ConcurrencyGate? Of(HostKey key)
    {
        if (options is { MaxConcurrencyPerHost: null, AdaptiveLimitPerHost: null })
        {
            return null;
        }

        lock (_lock)
        {
            if (_named.TryGetValue(key, out var gate))
            {
                return gate;
            }

            if (_named.Count >= MaxNames)
            {
                return Create(_others);
            }

            gate = Create(NameOf(client, key.ToString()));
            _named.Add(key, gate);
            return gate;
        }
    }

    private static string NameOf(string? client, string host) => client is null ? host : $"{client} {host}";

    private ConcurrencyGate Create(string name) => options.AdaptiveLimitPerHost is { } adaptive
        ? new ConcurrencyGate(adaptive) { Name = name, TimeProvider = options.Retry.TimeProvider }
        : new ConcurrencyGate(options.MaxConcurrencyPerHost!.Value) { Name = name };
}
