using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace AsyncKit.RabbitMQ;

/// <summary>The client side of a remote: publishes items and receives their replies.</summary>
/// <remarks>
/// Invariants: (1) A call is in the table until it has a reply, fails or is cancelled. (2) An unconfirmed call of the
/// table is published once on each link. (3) The reply queue is consumed before an item is published that names it. (4)
/// The reply queue exists only after the first call.
/// </remarks>
internal sealed class Caller(RabbitRemoteOptions options)
{
    private const string RepliesKey = " replies"; // Not the name of a queue.

    private readonly ConcurrentDictionary<string, Call> _calls = new(StringComparer.Ordinal);
    private readonly string _replyQueue = Topology.NewReplyQueue();
    private readonly string _prefix = Guid.NewGuid().ToString("N") + ".";
    private long _lastNumber;
    private int _hasCalls;
    private int _isClosed;
    private bool _mustRepeatAll; // The reply queue was gone, with its replies. Used by the keeper's loop only.
    private LinkKeeper _keeper = null!; // Set by Attach.

    public bool IsClosed => Volatile.Read(ref _isClosed) != 0;

    public string ReplyQueue => _replyQueue;

    public void Attach(LinkKeeper keeper) => _keeper = keeper;

    public Call NewCall(string operation, byte[] body, Activity? span) => new(
        _prefix + Interlocked.Increment(ref _lastNumber).ToString(CultureInfo.InvariantCulture), operation, body, span);

    /// <summary>Publishes the item and waits for its reply. The item is published again after a lost link.</summary>
    public async Task<Reply> SendAsync(Call call, CancellationToken cancellationToken)
    {
        Add(call);
        try
        {
            using var registration = cancellationToken.UnsafeRegister(
                static (state, token) => ((Call)state!).TryCancel(token), call);
            return await call.Task.NoContext();
        }
        catch (OperationCanceledException)
        {
            _ = CancelAsync(call.Id);
            throw;
        }
        finally
        {
            _calls.TryRemove(call.Id, out _);
        }
    }

    /// <summary>Restores the reply consumer on a new link.</summary>
    public async Task PrepareAsync(Link link)
    {
        if (Volatile.Read(ref _hasCalls) == 0)
        {
            return;
        }

        try
        {
            await link.DeclareAsync(channel => channel.QueueDeclarePassiveAsync(_replyQueue)).NoContext();
        }
        catch (OperationInterruptedException exception)
            when (exception.ShutdownReason?.ReplyCode == Constants.NotFound)
        {
            _mustRepeatAll = true;
        }

        await EnsureRepliesAsync(link).NoContext();
    }

    /// <summary>Publishes what the previous link did not confirm, and every item if the reply queue was gone with its
    /// replies.</summary>
    public void Resume(Link link)
    {
        foreach (var call in _calls.Values)
        {
            if (_mustRepeatAll || !call.IsConfirmed)
            {
                Publish(call, link);
            }
        }

        _mustRepeatAll = false;
    }

    /// <summary>Fails every call and deletes the reply queue. The flag comes first: the deletion cancels the consumer,
    /// which must not look like a lost link.</summary>
    public async Task CloseAsync(Exception exception)
    {
        Interlocked.Exchange(ref _isClosed, 1); // A full fence: see Add.
        foreach (var call in _calls.Values)
        {
            call.TryFail(exception);
        }

        if (Volatile.Read(ref _hasCalls) != 0 && _keeper.Current is { IsLost: false } link)
        {
            try
            {
                await link.DeclareAsync(
                    channel => channel.QueueDeleteAsync(_replyQueue, ifUnused: false, ifEmpty: false)).NoContext();
            }
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                // The queue expires.
            }
        }
    }

    /// <summary>Adds the call first and reads the state afterwards, while the other side writes the state first and
    /// reads the table afterwards. With a full fence between the two, one of them sees the other.</summary>
    private void Add(Call call)
    {
        _calls[call.Id] = call;
        Volatile.Write(ref _hasCalls, 1);
        Interlocked.MemoryBarrier();
        if (IsClosed)
        {
            call.TryFail(new ObjectDisposedException(nameof(RabbitRemote)));
        }
        else
        {
            Publish(call, _keeper.Current);
        }
    }

    private void Publish(Call call, Link link)
    {
        if (!link.IsLost && call.TryClaim(link.Number, out var wasPublished))
        {
            if (wasPublished)
            {
                RemoteTelemetry.Republished.Add(call.Operation);
            }

            _ = PublishAsync(call, link);
        }
    }

    private async Task PublishAsync(Call call, Link link)
    {
        try
        {
            await EnsureRepliesAsync(link).NoContext();
            while (!call.IsCompleted)
            {
                await link.EnsureQueueAsync(call.Queue).NoContext();
                var properties = Topology.NewProperties(call.Id, Topology.ItemType);
                properties.ReplyTo = _replyQueue;
                TraceHeaders.Write(properties.Headers!, call.Span);
                if (await link.PublishAsync("", call.Queue, properties, call.Body).NoContext())
                {
                    call.Confirm(link.Number);
                    return;
                }

                link.Forget(call.Queue); // The queue was deleted.
            }
        }
        catch (LinkLostException)
        {
            // The next link publishes it again.
        }
        catch (MessageRefusedException exception)
        {
            call.TryFail(new InvalidOperationException(exception.Message, exception.InnerException));
        }
        catch (Exception exception)
        {
            call.TryFail(exception);
        }
    }

    /// <summary>Requests the cancellation of an item from the workers. Best effort: an item whose worker misses the
    /// request runs to its end, and its reply is dropped.</summary>
    private async Task CancelAsync(string id)
    {
        try
        {
            var link = _keeper.Current;
            await EnsureRepliesAsync(link).NoContext();
            await link.PublishAsync(
                Topology.CancelExchange,
                "",
                new BasicProperties { CorrelationId = id },
                ReadOnlyMemory<byte>.Empty).NoContext();
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // The link is lost or the remote disposed.
        }
    }

    private Task EnsureRepliesAsync(Link link) =>
        link.IsDone(RepliesKey) ? Task.CompletedTask : ConsumeRepliesAsync(link);

    private Task ConsumeRepliesAsync(Link link) => link.OnceAsync(RepliesKey, async declarations =>
    {
        await Topology.DeclareCancelExchangeAsync(declarations).NoContext();
        await Topology.DeclareRepliesAsync(declarations, _replyQueue, options.ReplyQueueExpiry).NoContext();
        var channel = await link.OpenChannelAsync().NoContext();
        var consumer = new Consumer(
            channel, (tag, properties, body) => OnReply(link, channel, tag, properties, body), () => OnCancelled(link));
        await channel.BasicConsumeAsync(
            _replyQueue, autoAck: false, "", noLocal: false, exclusive: false, null, consumer, CancellationToken.None)
            .NoContext();
    });

    private void OnCancelled(Link link)
    {
        if (!IsClosed)
        {
            link.End("the broker cancelled the consumer of the replies");
        }
    }

    /// <summary>Acknowledges a reply only after its call has it: the broker delivers the others again on the next
    /// link.</summary>
    private void OnReply(
        Link link, IChannel channel, ulong tag, IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body)
    {
        var isFault = string.Equals(properties.Type, Topology.FaultType, StringComparison.Ordinal);
        if (properties.CorrelationId is not { } id
            || !_calls.TryGetValue(id, out var call)
            || !call.TryComplete(new Reply(isFault, body.ToArray())))
        {
            RemoteTelemetry.DuplicateReplies.Add(1);
        }

        _ = link.SettleAsync(channel, tag, Settlement.Acknowledge);
    }
}
