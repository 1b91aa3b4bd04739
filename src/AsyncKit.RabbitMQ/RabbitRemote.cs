using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using AsyncKit.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using RabbitMQ.Client;

namespace AsyncKit.RabbitMQ;

/// <summary>Connects a fan-out to workers on other machines through a RabbitMQ broker. A client calls
/// <see cref="Operation{T, TResult}(string, JsonTypeInfo{T}, JsonTypeInfo{TResult})">Operation</see>, a worker calls ServeAsync; one
/// instance may do both.</summary>
/// <remarks>
/// Delivery:
/// <list type="bullet">
/// <item>At least once, one result: the caller gets the result of each item exactly once, but an item may run more than
/// once. Operations must be idempotent.</item>
/// <item>A worker acknowledges an item after the broker confirmed its reply. The items of a killed worker go to other
/// workers; at most <see cref="RabbitServeOptions.MaxConcurrency"/> + <see cref="RabbitServeOptions.Lookahead"/> of them
/// run again.</item>
/// <item>Back-pressure comes from the limit of the fan-out: a queue holds at most the sum of the limits of its
/// clients.</item>
/// <item>An item that no worker acknowledged after <see cref="RabbitServeOptions.MaxDeliveries"/> deliveries goes to
/// the queue <c>asynckit.NAME.dead</c>, and its caller gets a <see cref="RemoteOperationException"/>.</item>
/// <item>Cancelling a call ends it at once. The worker is informed and cancels the item, or skips it. The call does not
/// wait for that.</item>
/// </list>
/// Connection:
/// <list type="bullet">
/// <item>The first connect fails at once. A connection that is lost later is replaced until disposal: items and replies
/// survive that, and a restart of the broker.</item>
/// <item>A message that the broker does not confirm within <see cref="RabbitRemoteOptions.PublishTimeout"/> ends the
/// connection.</item>
/// <item>Disposal fails the open calls with an <see cref="ObjectDisposedException"/> and ends the workers.</item>
/// <item>No log message, exception or metric contains the user info of the URI, or an item.</item>
/// </list>
/// Cost: one connection; for each open call one object and the item as JSON.
/// <para>All members are thread-safe. Requires RabbitMQ 3.10 or later.</para>
/// </remarks>
/// <example>
/// <code>
/// await using var remote = await RabbitRemote.ConnectAsync(new Uri("amqps://user:secret@host/vhost"));
/// var resize = remote.Operation("resize", Jobs.Default.Image, Jobs.Default.Thumb);
/// Thumb[] thumbs = await images.FanOutAsync(200, resize);
/// </code>
/// </example>
public sealed partial class RabbitRemote : IAsyncDisposable
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(20);

    private readonly RabbitRemoteOptions _options;
    private readonly TimeProvider _clock;
    private readonly LinkKeeper _keeper;
    private readonly Caller _caller;
    private readonly WorkerContext _worker;
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _lock = new();
    private readonly HashSet<Task> _serving = [];
    private Task? _disposal;

    private RabbitRemote(ConnectionFactory factory, Link first, RabbitRemoteOptions options, ILogger logger, string name)
    {
        _options = options;
        _clock = AsyncEnvironment.Clock(options.TimeProvider);
        _caller = new Caller(options);
        _keeper = new LinkKeeper(factory, first, options, logger, _caller.PrepareAsync, _caller.Resume);
        _caller.Attach(_keeper);
        _worker = new WorkerContext(name, _keeper, new CancelFeed(), logger, _clock);
        _keeper.Start();
    }

    /// <summary>The current connection, for health checks.</summary>
    internal Link Connection => _keeper.Current;

    /// <summary>The queue of the replies, for tests.</summary>
    internal string ReplyQueue => _caller.ReplyQueue;

    /// <summary>Connects to a broker.</summary>
    /// <param name="uri">The address of the broker: <c>amqp</c>, or <c>amqps</c> for TLS, with the credentials and the
    /// virtual host.</param>
    /// <param name="options">The settings; null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the wait for the connection.</param>
    /// <returns>A task that completes when the connection is open.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="uri"/> is null. Thrown at the call.</exception>
    /// <exception cref="ArgumentException"><paramref name="uri"/> is not an AMQP address. Thrown at the
    /// call.</exception>
    /// <exception cref="IOException">The task is faulted with this if the broker cannot be reached or refuses the
    /// credentials. The inner exception is that of RabbitMQ.Client.</exception>
    /// <exception cref="OperationCanceledException">The task is cancelled with this if
    /// <paramref name="cancellationToken"/> is cancelled.</exception>
    /// <inheritdoc cref="RabbitRemote" path="/example"/>
    public static Task<RabbitRemote> ConnectAsync(
        Uri uri, RabbitRemoteOptions? options = null, CancellationToken cancellationToken = default)
    {
        _ = Guards.NotNull(uri);
        if (!uri.IsAbsoluteUri || uri.Scheme is not ("amqp" or "amqps"))
        {
            throw new ArgumentException("uri must be an absolute URI with the scheme amqp or amqps.", nameof(uri));
        }

        return ConnectCoreAsync(uri, options ?? new RabbitRemoteOptions(), cancellationToken);
    }

    /// <summary>Fails the open calls, ends the workers, deletes the reply queue and closes the connection.</summary>
    /// <returns>A task that completes when the connection is closed and no operation runs.</returns>
    public async ValueTask DisposeAsync()
    {
        Task disposal;
        lock (_lock)
        {
            disposal = _disposal ??= DisposeCoreAsync();
        }

        await disposal.NoContext();
    }

    private static async Task<RabbitRemote> ConnectCoreAsync(
        Uri uri, RabbitRemoteOptions options, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var name = options.ClientName
            ?? string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}.{Environment.ProcessId}");
        var factory = NewFactory(uri, options, name);
        var logger = new SafeLogger(options.Logger ?? NullLogger.Instance);
        try
        {
            var link = await Link.OpenAsync(1, factory, options, logger, cancellationToken).NoContext();
            return new RabbitRemote(factory, link, options, logger, name);
        }
        catch (Exception exception)
            when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            throw new IOException(
                $"The broker at {factory.Endpoint.HostName}:{factory.Endpoint.Port} could not be reached or refused the "
                    + $"connection: {Innermost(exception).Message}",
                exception);
        }
    }

    internal static ConnectionFactory NewFactory(Uri uri, RabbitRemoteOptions options, string name)
    {
        var factory = new ConnectionFactory
        {
            Uri = uri,
            ClientProvidedName = name,
            RequestedHeartbeat = Heartbeat,
            MaxInboundMessageBodySize =
                Math.Max(ConnectionFactory.DefaultMaxInboundMessageBodySize, (uint)options.MaxMessageBytes),
        };
        options.Configure?.Invoke(factory);

        // The recovery of the client loses consumers without an error, and its consumers share state.
        factory.AutomaticRecoveryEnabled = false;
        factory.TopologyRecoveryEnabled = false;
        factory.ConsumerDispatchConcurrency = 1;
        return factory;
    }

    private static Exception Innermost(Exception exception) =>
        exception.InnerException is { } inner ? Innermost(inner) : exception;

    private byte[] Serialize<T>(T value, JsonTypeInfo<T> type, string subject)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(value, type);
        return json.Length <= _options.MaxMessageBytes
            ? json
            : throw new InvalidOperationException(
                $"{subject} must have at most {_options.MaxMessageBytes} bytes as JSON (MaxMessageBytes); it had "
                    + $"{json.Length}. Send a link to the data instead.");
    }

    private async Task DisposeCoreAsync()
    {
        await AsyncEnvironment.ToPool();
        await _keeper.StopAsync().NoThrow();
        var closing = AsyncEnvironment.CancelAsync(_closing);
        await _caller.CloseAsync(new ObjectDisposedException(nameof(RabbitRemote))).NoContext();
        await closing.NoThrow();
        Task[] serving;
        lock (_lock)
        {
            serving = [.. _serving];
        }

        await Task.WhenAll(serving).NoThrow();
        await _keeper.DisposeAsync().NoContext();
    }
}
