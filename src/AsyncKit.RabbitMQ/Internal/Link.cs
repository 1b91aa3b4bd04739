using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace AsyncKit.RabbitMQ;

/// <summary>One life of the connection to the broker, with the channel that publishes.</summary>
/// <remarks>
/// Lifetime: opened, lost once, then replaced as a whole by the next link.
/// <para>Invariants: (1) The shutdown of the connection or of a channel of the link, a consumer that the broker
/// cancels, and a publish without an answer end the link, and a lost link never recovers. (2) No wait of the link
/// outlasts the link. (3) No token of a user reaches the client library.</para>
/// </remarks>
internal sealed partial class Link : IAsyncDisposable
{
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(5);

    private readonly RabbitRemoteOptions _options;
    private readonly ILogger _logger;
    private readonly TimeProvider _clock;
    private readonly IConnection _connection;
    private readonly CancellationTokenSource _lost = new();
    private readonly TaskCompletionSource<Unit> _lostSignal = AsyncEnvironment.NewCompletion<Unit>();
    private readonly TaskCompletionSource<Link> _next = AsyncEnvironment.NewCompletion<Link>();
    private readonly ConcurrentDictionary<string, Task> _declared = new(StringComparer.Ordinal);
    private TaskCompletionSource<Unit>? _blocked; // Null while the broker accepts messages.
    private int _blocks; // How often the broker blocked the connection.
    private IChannel _publisher = null!; // Set by OpenAsync.
    private string? _reason;

    private Link(int number, IConnection connection, RabbitRemoteOptions options, ILogger logger)
    {
        Number = number;
        _connection = connection;
        _options = options;
        _logger = logger;
        _clock = AsyncEnvironment.Clock(options.TimeProvider);
    }

    /// <summary>1 for the first link of a remote.</summary>
    public int Number { get; }

    public bool IsLost => _lost.IsCancellationRequested;

    public bool IsBlocked => Volatile.Read(ref _blocked) is not null;

    public string Reason => _reason ?? "";

    /// <summary>Completes when the link is lost.</summary>
    public Task LostTask => _lostSignal.Task;

    /// <summary>The link after this one. It waits for the reconnect; disposal faults it.</summary>
    public Task<Link> NextAsync() => _next.Task;

    /// <summary>Opens a link. The token cancels the wait only: it is not passed to the client library.</summary>
    public static async Task<Link> OpenAsync(
        int number,
        ConnectionFactory factory,
        RabbitRemoteOptions options,
        ILogger logger,
        CancellationToken cancellationToken)
    {
        var opening = OpenAsync(number, factory, options, logger);
        try
        {
            return await opening.WaitAsync(cancellationToken).NoContext();
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            _ = DisposeUnusedAsync(opening);
            throw;
        }
    }

    public void SetNext(Link next) => AsyncEnvironment.Complete(_next, next);

    public void SetNoNext(Exception exception)
    {
        AsyncEnvironment.Fail(_next, exception);
        _ = _next.Task.Exception; // Observed: there may be no waiter.
    }

    /// <summary>Ends the link. Only the first call has an effect.</summary>
    public void End(string reason)
    {
        if (Interlocked.CompareExchange(ref _reason, reason, null) is null)
        {
            _ = AsyncEnvironment.CancelAsync(_lost);
            AsyncEnvironment.Complete(_lostSignal, default);
        }
    }

    /// <summary>Opens a channel whose shutdown ends the link. Consumers run one at a time: a fan-out is the
    /// concurrency.</summary>
    public async Task<IChannel> OpenChannelAsync(bool hasConfirms = false)
    {
        var options = new CreateChannelOptions(
            hasConfirms, hasConfirms, outstandingPublisherConfirmationsRateLimiter: null, consumerDispatchConcurrency: 1);
        var channel = await CreateChannelAsync(options).NoContext();
        channel.ChannelShutdownAsync += OnShutdownAsync;
        return channel;
    }

    /// <summary>Closes a channel without ending the link. Its acknowledgements have arrived afterwards.</summary>
    public async Task CloseChannelAsync(IChannel channel)
    {
        channel.ChannelShutdownAsync -= OnShutdownAsync;
        try
        {
            await CallAsync(() => channel.CloseAsync(CancellationToken.None)).NoContext();
            await channel.DisposeAsync().NoContext();
        }
        catch (Exception exception) when (exception is LinkLostException or OperationInterruptedException)
        {
            // The connection closed it.
        }
    }

    /// <summary>Whether <see cref="OnceAsync"/> has completed.</summary>
    public bool IsDone(string key) => _declared.TryGetValue(key, out var running) && running.IsCompletedSuccessfully;

    /// <summary>Runs something once per link: declarations and consumers. A failure is not kept.</summary>
    public async Task OnceAsync(string key, Func<IChannel, Task> action)
    {
        var completion = AsyncEnvironment.NewCompletion<Unit>();
        var running = _declared.GetOrAdd(key, completion.Task);
        if (running == completion.Task)
        {
            try
            {
                await DeclareAsync(action).NoContext();
                AsyncEnvironment.Complete(completion, default);
            }
            catch (Exception exception)
            {
                Forget(key);
                AsyncEnvironment.Fail(completion, exception);
            }
        }

        await running.NoContext();
    }

    public Task EnsureQueueAsync(string queue) => IsDone(queue) ? Task.CompletedTask : DeclareQueueAsync(queue);

    /// <summary>Forgets what <see cref="OnceAsync"/> did, so that the next call repeats it.</summary>
    public void Forget(string key) => _declared.TryRemove(key, out _);

    /// <summary>Runs declarations on a separate channel, which a refusal closes without ending the link.</summary>
    /// <exception cref="OperationInterruptedException">The broker refused, for example because of a conflicting
    /// queue.</exception>
    public async Task DeclareAsync(Func<IChannel, Task> action)
    {
        var channel = await CreateChannelAsync(options: null).NoContext();
        try
        {
            await CallAsync(() => action(channel)).NoContext();
        }
        finally
        {
            await CloseChannelAsync(channel).NoContext();
        }
    }

    /// <summary>Runs a call to the broker. A refusal passes; every other failure ends the link.</summary>
    /// <exception cref="OperationInterruptedException">The broker refused.</exception>
    /// <exception cref="LinkLostException">The link is over.</exception>
    public async Task CallAsync(Func<Task> call)
    {
        ThrowIfLost();
        Task? task = null;
        try
        {
            task = call();
            await task.WaitAsync(_options.PublishTimeout, _clock, _lost.Token).NoContext();
        }
        catch (OperationInterruptedException exception) when (!IsLost && IsRefusal(exception.ShutdownReason))
        {
            throw;
        }
        catch (Exception exception)
        {
            Observe(task);
            End(exception.Message);
            throw new LinkLostException(Reason, exception);
        }
    }

    /// <summary>Publishes a message and waits until the broker confirms it.</summary>
    /// <returns>False if the broker returned the message because no queue takes it.</returns>
    /// <exception cref="LinkLostException">The link is over. The broker may have the message.</exception>
    /// <exception cref="MessageRefusedException">The broker does not accept a message of this size.</exception>
    public async Task<bool> PublishAsync(
        string exchange, string routingKey, BasicProperties properties, ReadOnlyMemory<byte> body)
    {
        ThrowIfLost();
        var isMandatory = exchange.Length == 0;
        var publish = _publisher.BasicPublishAsync(
            exchange, routingKey, isMandatory, properties, body, CancellationToken.None).AsTask();
        try
        {
            await ConfirmedAsync(publish).NoContext();
            return true;
        }
        catch (PublishException exception) when (exception.IsReturn)
        {
            return false;
        }
        catch (Exception exception)
        {
            Observe(publish);
            End($"a message was not confirmed: {exception.Message}");
            throw RefusedSize(_publisher.CloseReason) == body.Length
                ? new MessageRefusedException(
                    $"The broker refused a message of {body.Length} bytes: {_publisher.CloseReason!.ReplyText}", exception)
                : new LinkLostException(Reason, exception);
        }
    }

    /// <summary>Acknowledges or returns a delivery, unless the link is lost: the broker has then returned it already.
    /// Never throws.</summary>
    public async Task SettleAsync(IChannel channel, ulong tag, Settlement settlement)
    {
        if (IsLost)
        {
            return;
        }

        try
        {
            var settled = settlement == Settlement.Acknowledge
                ? channel.BasicAckAsync(tag, multiple: false, CancellationToken.None)
                : channel.BasicNackAsync(tag, multiple: false, requeue: true, CancellationToken.None);
            if (!settled.IsCompletedSuccessfully)
            {
                await settled.AsTask().WaitAsync(_lost.Token).NoContext();
            }
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            End($"a delivery was not acknowledged: {exception.Message}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        End("closed");
        try
        {
            await _connection.CloseAsync(
                Constants.ReplySuccess, "Goodbye", CloseLimit, abort: true, CancellationToken.None)
                .WaitAsync(CloseLimit + CloseLimit, _clock).NoContext();
            await _connection.DisposeAsync().AsTask().WaitAsync(CloseLimit, _clock).NoContext();
        }
        catch (Exception)
        {
            // A connection that does not even close is abandoned; its heartbeats have stopped.
        }
    }

    private async Task<IChannel> CreateChannelAsync(CreateChannelOptions? options)
    {
        IChannel? channel = null;
        await CallAsync(async () =>
            channel = await _connection.CreateChannelAsync(options, CancellationToken.None).NoContext()).NoContext();
        return channel!;
    }

    private Task DeclareQueueAsync(string queue) =>
        OnceAsync(queue, channel => Topology.DeclareWorkAsync(channel, queue));

    private static async Task DisposeUnusedAsync(Task<Link> opening)
    {
        await opening.NoThrow();
        if (opening.IsCompletedSuccessfully)
        {
            await (await opening.NoContext()).DisposeAsync().NoContext();
        }
    }

    private static async Task<Link> OpenAsync(
        int number, ConnectionFactory factory, RabbitRemoteOptions options, ILogger logger)
    {
        var connection = await factory.CreateConnectionAsync(CancellationToken.None).NoContext();
        var link = new Link(number, connection, options, logger);
        try
        {
            connection.ConnectionShutdownAsync += link.OnShutdownAsync;
            connection.ConnectionBlockedAsync += link.OnBlockedAsync;
            connection.ConnectionUnblockedAsync += link.OnUnblockedAsync;
            link._publisher = await link.OpenChannelAsync(hasConfirms: true).NoContext();
            return link;
        }
        catch (Exception)
        {
            await link.DisposeAsync().NoContext();
            throw;
        }
    }

    /// <summary>Waits for the answer to a publish. The limit does not run while the broker blocks the
    /// connection.</summary>
    private async Task ConfirmedAsync(Task publish)
    {
        while (true)
        {
            var blocks = Volatile.Read(ref _blocks);
            if (Volatile.Read(ref _blocked) is { } blocked)
            {
                await Task.WhenAny(publish, blocked.Task).WaitAsync(_lost.Token).NoContext();
            }

            try
            {
                await publish.WaitAsync(_options.PublishTimeout, _clock, _lost.Token).NoContext();
                return;
            }
            catch (TimeoutException) when (!publish.IsCompleted && Volatile.Read(ref _blocks) != blocks)
            {
                // The broker blocked the connection during the wait, so the limit starts again.
            }
        }
    }

    private void ThrowIfLost()
    {
        if (IsLost)
        {
            throw new LinkLostException(Reason);
        }
    }

    private Task OnShutdownAsync(object sender, ShutdownEventArgs reason)
    {
        End($"{reason.ReplyCode} {reason.ReplyText}");
        return Task.CompletedTask;
    }

    private Task OnBlockedAsync(object sender, ConnectionBlockedEventArgs blocked)
    {
        if (Interlocked.CompareExchange(ref _blocked, AsyncEnvironment.NewCompletion<Unit>(), null) is null)
        {
            Interlocked.Increment(ref _blocks);
            RemoteLog.Blocked(_logger, blocked.Reason);
        }

        return Task.CompletedTask;
    }

    private Task OnUnblockedAsync(object sender, AsyncEventArgs unblocked)
    {
        if (Interlocked.Exchange(ref _blocked, null) is { } blocked)
        {
            RemoteLog.Unblocked(_logger);
            AsyncEnvironment.Complete(blocked, default);
        }

        return Task.CompletedTask;
    }

    private static bool IsRefusal(ShutdownEventArgs? reason) => reason?.ReplyCode is
        Constants.AccessRefused or Constants.NotFound or Constants.ResourceLocked or Constants.PreconditionFailed;

    /// <summary>The size of the message for which the broker closed the channel. Other messages in flight are
    /// innocent.</summary>
    private static long RefusedSize(ShutdownEventArgs? reason) =>
        reason is { ReplyCode: Constants.PreconditionFailed, ReplyText: { } text }
            && MessageSize().Match(text) is { Success: true } match
            ? long.Parse(match.Groups["bytes"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture)
            : -1;

    private static void Observe(Task? task) => _ = task?.ContinueWith(
        static task => _ = task.Exception,
        CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);

    [GeneratedRegex("message size (?<bytes>[0-9]+) ", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex MessageSize();
}
