using System.Diagnostics.Metrics;

namespace AsyncKit.RabbitMQ.Tests;

/// <summary>The base of the tests with a broker: a unique operation name, remotes and workers that end with the
/// test.</summary>
[Trait("Server", "RabbitMQ")]
[Collection(nameof(OwnBroker))]
#pragma warning disable CA1001 // The DisposeAsync of xunit disposes the token source.
public abstract class RabbitTests : IAsyncLifetime
#pragma warning restore CA1001
{
    /// <summary>Reconnects without the long delays of the default.</summary>
    internal static readonly RabbitRemoteOptions Quick = new()
    {
        ReconnectDelay = Backoff.Constant(TimeSpan.FromMilliseconds(20)),
    };

    private readonly List<RabbitRemote> _remotes = [];
    private readonly List<Task> _serving = [];
    private readonly List<Proxy> _proxies = [];
    private readonly CancellationTokenSource _stop = new();

    internal string Name { get; } = $"test-{Guid.NewGuid():N}";

    internal string Queue => $"asynckit.{Name}";

    internal string DeadQueue => $"asynckit.{Name}.dead";

    internal RawClient Raw { get; private set; } = null!;

    internal Counts Counts { get; } = new();

    /// <summary>The log of the remotes that have no other.</summary>
    internal LogLines Log { get; } = new();

    /// <summary>The reasons for which connections were lost.</summary>
    internal IEnumerable<string> Losses => Log.All.Where(line => line.Id == 140).Select(line => line.Text);

    private protected virtual Uri? Broker => RabbitFactAttribute.Broker;

    public virtual async Task InitializeAsync()
    {
        if (Broker is not null)
        {
            Raw = await RawClient.ConnectAsync(Broker);
        }
    }

    public virtual async Task DisposeAsync()
    {
        if (Raw is not null)
        {
            _proxies.ForEach(proxy => proxy.IsRefusing = false); // A drain needs a connection for its replies.
            _proxies.ForEach(proxy => proxy.Resume());
            await _stop.CancelAsync();
            await Task.WhenAll(_serving).OrHangs();
            foreach (var remote in _remotes)
            {
                await remote.DisposeAsync().AsTask().OrHangs();
            }

            foreach (var proxy in _proxies)
            {
                await proxy.DisposeAsync();
            }

            await Raw.Channel.QueueDeleteAsync(Queue, ifUnused: false, ifEmpty: false);
            await Raw.Channel.QueueDeleteAsync(DeadQueue, ifUnused: false, ifEmpty: false);
            await Raw.DisposeAsync();
        }

        _stop.Dispose();
        Counts.Dispose();
    }

    /// <summary>A proxy that lives until the remotes of the test are disposed.</summary>
    private protected Proxy NewProxy()
    {
        var proxy = new Proxy(Broker);
        _proxies.Add(proxy);
        return proxy;
    }

    private protected Task<RabbitRemote> ConnectAsync(Proxy proxy, RabbitRemoteOptions? options = null) =>
        ConnectAsync(options, proxy.Uri);

    private protected async Task<RabbitRemote> ConnectAsync(RabbitRemoteOptions? options = null, Uri? uri = null)
    {
        options ??= new RabbitRemoteOptions();
        var remote = await RabbitRemote.ConnectAsync(uri ?? Broker!, options with { Logger = options.Logger ?? Log }).OrHangs();
        _remotes.Add(remote);
        return remote;
    }

    /// <summary>The operation of the test's name, from numbers to numbers.</summary>
    private protected async Task<Func<int, CancellationToken, ValueTask<int>>> OperationAsync(
        Proxy? proxy = null, RabbitRemoteOptions? options = null) =>
        (await ConnectAsync(options, proxy?.Uri)).Operation(Name, Json.Default.Int32, Json.Default.Int32);

    /// <summary>Starts a worker on a separate connection, until the test or the token stops it.</summary>
    private protected async Task<Task> ServeAsync(
        int limit, Func<int, CancellationToken, ValueTask<int>> operation, Proxy? proxy = null, CancellationToken stop = default) =>
        await ServeAsync(new RabbitServeOptions(limit), operation, proxy, stop);

    private protected async Task<Task> ServeAsync(
        RabbitServeOptions options,
        Func<int, CancellationToken, ValueTask<int>> operation,
        Proxy? proxy = null,
        CancellationToken stop = default)
    {
        var remote = await ConnectAsync(Quick, proxy?.Uri);
        var serving = ServeAsync(remote, options, operation, stop);
        _serving.Add(serving);
        return serving;
    }

    private async Task ServeAsync(
        RabbitRemote remote,
        RabbitServeOptions options,
        Func<int, CancellationToken, ValueTask<int>> operation,
        CancellationToken stop)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, _stop.Token);
        await remote.ServeAsync(Name, options, Json.Default.Int32, Json.Default.Int32, operation, either.Token);
    }
}

/// <summary>The sums of the counters of the package, and their tags.</summary>
internal sealed class Counts : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly Dictionary<string, long> _sums = new(StringComparer.Ordinal);
    private readonly HashSet<string> _tags = new(StringComparer.Ordinal);

    public Counts()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (string.Equals(instrument.Meter.Name, RabbitDiagnostics.MeterName, StringComparison.Ordinal))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument.Name, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Add(instrument.Name, 1, tags));
        _listener.Start();
    }

    public IReadOnlyCollection<string> Tags
    {
        get
        {
            lock (_sums)
            {
                return [.. _tags];
            }
        }
    }

    public IReadOnlyCollection<string> Names
    {
        get
        {
            lock (_sums)
            {
                return [.. _sums.Keys];
            }
        }
    }

    /// <param name="name">The name after "asynckit.remote.".</param>
    public long Of(string name)
    {
        lock (_sums)
        {
            return _sums.GetValueOrDefault($"asynckit.remote.{name}");
        }
    }

    public Task UntilAsync(string name, long value) => Hang.UntilAsync(() => Of(name) == value);

    public void Dispose() => _listener.Dispose();

    private void Add(string name, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        lock (_sums)
        {
            _sums[name] = _sums.GetValueOrDefault(name) + value;
            foreach (var tag in tags)
            {
                _tags.Add(tag.Key);
                if (tag is { Key: "asynckit.outcome", Value: string outcome })
                {
                    var key = $"{name}.{outcome}";
                    _sums[key] = _sums.GetValueOrDefault(key) + value;
                }
            }
        }
    }
}
