using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace AsyncKit.RabbitMQ;

/// <summary>The work of one call of ServeAsync: a fan-out over the deliveries of a consumer.</summary>
/// <remarks>
/// Lifetime: consumes on each link in turn until the stop, then drains.
/// <para>Invariants: (1) A delivery is acknowledged only after the broker confirmed its reply, or if its caller is
/// gone. (2) It is acknowledged on its own channel only. (3) No more than the prefetch is unacknowledged on a
/// link. (4) The run does not complete while an operation runs or an item is not settled. (5) An item that runs is not started again on this worker:
/// another delivery of it joins the running one.</para>
/// </remarks>
internal sealed class ServeRun(
    string operation,
    RabbitServeOptions options,
    Func<byte[], CancellationToken, ValueTask<byte[]>> run,
    WorkerContext context) : IDisposable
{
    private readonly string _queue = Topology.QueueOf(operation);
    private readonly Channel<Delivery> _deliveries = Channel.CreateUnbounded<Delivery>();
    private readonly ConcurrentDictionary<string, RunningItem> _running = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _abort = new(); // Ends the items whose drain takes too long.
    private readonly TaskCompletionSource<Unit> _settled = AsyncEnvironment.NewCompletion<Unit>();
    private int _refCount = 1; // The fan-out, and each item that is started and not settled.

    /// <summary>Serves until a token is cancelled. Then <paramref name="stop"/> drains, and <paramref name="closing"/>
    /// returns the items at once.</summary>
    public async Task RunAsync(CancellationToken stop, CancellationToken closing)
    {
        using var drain = CancellationTokenSource.CreateLinkedTokenSource(stop, closing);
        context.Cancellations.Add(this);
        try
        {
            var working = WorkAsync(drain.Token);
            var limiting = LimitDrainAsync(working, drain.Token, closing);
            var consuming = ConsumeAsync(drain.Token);
            await Task.WhenAny(consuming, working).NoContext();
            await AsyncEnvironment.CancelAsync(drain).NoContext(); // Even if the broker refused the consumer.
            await consuming.NoThrow();
            ReturnUnstarted();
            await working.NoThrow();
            await limiting.NoContext();
            if (consuming is { IsCompletedSuccessfully: true, Result: { } last })
            {
                await last.Link.CloseChannelAsync(last.Channel).NoContext();
            }

            await working.NoContext();
            _ = await consuming.NoContext();
        }
        finally
        {
            context.Cancellations.Remove(this);
        }

        ObjectDisposedException.ThrowIf(closing.IsCancellationRequested, typeof(RabbitRemote));
    }

    public void Dispose() => _abort.Dispose();

    /// <summary>Runs the deliveries until the drain, and completes when every item that was started is settled.</summary>
    private async Task WorkAsync(CancellationToken drain)
    {
        try
        {
            var fanOut = new FanOutOptions(options.MaxConcurrency) { DrainToken = drain };
            await _deliveries.Reader.ReadAllAsync(CancellationToken.None)
                .FanOutAsync(fanOut, HandleAsync, CancellationToken.None).NoContext();
        }
        finally
        {
            Release();
            await _settled.Task.NoContext();
        }
    }

    /// <summary>Cancels the item if it runs here.</summary>
    public void Cancel(string id)
    {
        if (_running.TryGetValue(id, out var item))
        {
            item.Cancel(ItemEnd.Cancelled);
        }
    }

    /// <summary>Consumes on each link until the stop, then cancels the consumer.</summary>
    /// <returns>The channel on which running items are acknowledged, or null if the link was lost.</returns>
    private async Task<(Link Link, IChannel Channel)?> ConsumeAsync(CancellationToken stop)
    {
        for (var link = context.Keeper.Current; ;)
        {
            try
            {
                var (channel, tag) = await StartConsumerAsync(link).NoContext();
                await link.LostTask.WaitAsync(stop).NoThrow();
                if (!link.IsLost)
                {
                    await link.CallAsync(() => channel.BasicCancelAsync(tag)).NoContext();
                    return (link, channel);
                }
            }
            catch (LinkLostException)
            {
                // The next link has its own consumer.
            }

            var next = link.NextAsync().WaitAsync(stop);
            await next.NoThrow();
            if (!next.IsCompletedSuccessfully)
            {
                return null;
            }

            link = await next.NoContext();
        }
    }

    private async Task<(IChannel Channel, string Tag)> StartConsumerAsync(Link link)
    {
        await link.EnsureQueueAsync(_queue).NoContext();
        await context.Cancellations.EnsureAsync(link).NoContext();
        var channel = await link.OpenChannelAsync().NoContext();
        var tag = $"{context.Name}.{Guid.NewGuid():N}";
        var consumer = new Consumer(
            channel,
            (number, properties, body) => OnDelivery(new Delivery(link, channel, number, properties, body)),
            () => link.End($"the broker cancelled the consumer of {_queue}"));
        await link.CallAsync(() => channel.BasicQosAsync(0, options.Prefetch, global: false)).NoContext();
        await link.CallAsync(() => channel.BasicConsumeAsync(
            _queue, autoAck: false, tag, noLocal: false, exclusive: false, null, consumer, CancellationToken.None))
            .NoContext();
        return (channel, tag);
    }

    private void OnDelivery(Delivery delivery)
    {
        if (delivery.Returns > 0)
        {
            RemoteTelemetry.Redelivered.Add(operation);
        }

        if (!TryJoin(delivery))
        {
            _deliveries.Writer.TryWrite(delivery);
        }
    }

    private bool TryJoin(Delivery delivery) =>
        delivery.Id is { } id && _running.TryGetValue(id, out var item) && item.TryAttach(delivery);

    private void ReturnUnstarted()
    {
        while (_deliveries.Reader.TryRead(out var delivery))
        {
            _ = delivery.ReturnAsync(); // Never throws; CloseChannelAsync waits for what it sent.
        }
    }

    private async Task LimitDrainAsync(Task working, CancellationToken drain, CancellationToken closing)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, context.Clock, drain).NoThrow();
        var ending = working.WaitAsync(options.DrainTimeout, context.Clock, closing);
        await ending.NoThrow();
        if (working.IsCompleted)
        {
            return;
        }

        await AsyncEnvironment.CancelAsync(_abort).NoContext(); // First: see HandleAsync.
        if (!closing.IsCancellationRequested)
        {
            RemoteLog.DrainTimedOut(context.Logger, operation, _running.Count, options.DrainTimeout);
        }

        foreach (var item in _running.Values)
        {
            item.Cancel(ItemEnd.Returned);
        }
    }

    private async ValueTask HandleAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        if (delivery.Link.IsLost)
        {
            return; // The broker has returned it.
        }

        if (delivery is not { Id: { } id, ReplyTo: not null } || delivery.Returns >= options.MaxDeliveries)
        {
            await MoveToDeadAsync(delivery).NoContext();
            return;
        }

        var item = new RunningItem(delivery, options.ItemTimeout, context.Clock);
        while (!_running.TryAdd(id, item))
        {
            if (TryJoin(delivery))
            {
                item.Dispose();
                return;
            }
        }

        if (_abort.IsCancellationRequested)
        {
            item.Cancel(ItemEnd.Returned);
        }

        if (context.Cancellations.IsCancelled(id))
        {
            item.Cancel(ItemEnd.Cancelled);
        }

        await RunAsync(delivery, id, item).NoContext();
    }

    /// <summary>Runs the item. The slot is free when the operation completes: the reply and the acknowledgement follow,
    /// while the next item runs.</summary>
    private async ValueTask RunAsync(Delivery delivery, string id, RunningItem item)
    {
        var span = RemoteTelemetry.Spans.StartActivity(
            RemoteTelemetry.ServeSpan, ActivityKind.Server, TraceHeaders.Read(delivery.Headers));
        var measuring = new Measurement(
            operation, RemoteTelemetry.ActiveItems, RemoteTelemetry.ServeDuration, span, context.Clock);
        var work = item.Token.IsCancellationRequested
            ? Task.FromCanceled<byte[]>(item.Token)
            : RunOperationAsync(delivery, item.Token);
        Interlocked.Increment(ref _refCount);
        _ = SettleAsync(delivery, id, item, work, measuring, span);
        await work.NoThrow();
    }

    /// <summary>Replies and then acknowledges, at once if the item is stopped. An exception ends the run.</summary>
    private async Task SettleAsync(
        Delivery delivery, string id, RunningItem item, Task<byte[]> work, Measurement measuring, Activity? span)
    {
        try
        {
            var reply = await WaitAsync(work, item, measuring).NoContext();
            var isSettled = reply is { } given
                ? await ReplyAsync(delivery, given).NoContext()
                : item.Cause == ItemEnd.Cancelled;
            _running.TryRemove(id, out _);
            foreach (var one in item.TakeDeliveries())
            {
                await (isSettled ? one.AcknowledgeAsync() : one.ReturnAsync()).NoContext();
            }
        }
        catch (Exception exception)
        {
            _deliveries.Writer.TryComplete(exception);
        }
        finally
        {
            await work.NoThrow();
            measuring.Dispose();
            span?.Dispose();
            item.Dispose();
            Release();
        }
    }

    private void Release()
    {
        if (Interlocked.Decrement(ref _refCount) == 0)
        {
            AsyncEnvironment.Complete(_settled, default);
        }
    }

    private async Task<byte[]> RunOperationAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        if (TraceHeaders.Text(delivery.Headers, Topology.VersionHeader) is { } version
            && version is not Topology.Version)
        {
            throw new NotSupportedException(
                $"The item has version {version} of the format; this worker supports {Topology.Version}.");
        }

        return await run(delivery.Body, cancellationToken).NoContext();
    }

    /// <returns>The reply, or null if the item has none because its caller is gone or another worker runs it.</returns>
    private async ValueTask<Reply?> WaitAsync(Task<byte[]> work, RunningItem item, Measurement measuring)
    {
        try
        {
            var body = await work.WaitAsync(item.Token).NoContext();
            measuring.Succeed();
            return new Reply(IsFault: false, body);
        }
        catch (Exception exception)
        {
            switch (item.Cause)
            {
                case ItemEnd.Cancelled:
                    RemoteTelemetry.Cancelled.Add(operation);
                    measuring.Cancel();
                    return null;
                case ItemEnd.Returned:
                    measuring.Cancel();
                    return null;
                case ItemEnd.TimedOut:
                    exception = new TimeoutException(
                        $"The item did not complete within the item timeout of {TimeText.Of(options.ItemTimeout)}.");
                    break;
            }

            measuring.Fail(exception);
            return new Reply(IsFault: true, RemoteFault.Of(exception, context.Name).ToJson());
        }
    }

    private async Task MoveToDeadAsync(Delivery delivery)
    {
        var queue = Topology.DeadQueueOf(operation);
        RemoteTelemetry.Dead.Add(operation);
        RemoteLog.Dead(context.Logger, operation, delivery.Id ?? "without an id", delivery.Returns, queue);
        var isCopied = await PublishAsync(
            async link =>
            {
                while (!_abort.IsCancellationRequested)
                {
                    await link.EnsureQueueAsync(queue).NoContext();
                    var properties = Topology.NewProperties(delivery.Id ?? "", Topology.ItemType);
                    properties.ReplyTo = delivery.ReplyTo;
                    if (await link.PublishAsync("", queue, properties, delivery.Body).NoContext())
                    {
                        return true;
                    }

                    link.Forget(queue); // The queue was deleted.
                }

                return false;
            }).NoContext();
        var fault = new RemoteFault(
            typeof(RemoteOperationException).FullName!,
            $"The item was delivered {delivery.Returns} times and no worker acknowledged it; it is in the queue {queue}.",
            StackTrace: null,
            context.Name,
            IsTransient: false);
        var isSettled = isCopied
            && (delivery.ReplyTo is null
                || await ReplyAsync(delivery, new Reply(IsFault: true, fault.ToJson())).NoContext());
        await (isSettled ? delivery.AcknowledgeAsync() : delivery.ReturnAsync()).NoContext();
    }

    /// <returns>False if the worker is stopping and has no link.</returns>
    private async Task<bool> ReplyAsync(Delivery delivery, Reply reply)
    {
        var isSent = await PublishAsync(async link =>
        {
            var properties = Topology.NewProperties(
                delivery.Id ?? "", reply.IsFault ? Topology.FaultType : Topology.ResultType);
            try
            {
                if (!await link.PublishAsync("", delivery.ReplyTo!, properties, reply.Body).NoContext())
                {
                    RemoteTelemetry.UnroutableReplies.Add(operation);
                }
            }
            catch (MessageRefusedException exception)
            {
                var fault = new InvalidOperationException(exception.Message, exception);
                reply = new Reply(IsFault: true, RemoteFault.Of(fault, context.Name).ToJson());
                throw new LinkLostException(exception.Message, exception); // The next link has the failure.
            }

            return true;
        }).NoContext();
        return isSent;
    }

    /// <summary>Publishes on the current link or, if it is lost, on a later one.</summary>
    private async Task<bool> PublishAsync(Func<Link, Task<bool>> publish)
    {
        for (var link = context.Keeper.Current; ;)
        {
            try
            {
                if (await publish(link).NoContext())
                {
                    return true;
                }
            }
            catch (LinkLostException)
            {
                // Repeated on the next link.
            }

            var next = link.NextAsync().WaitAsync(_abort.Token);
            await next.NoThrow();
            if (!next.IsCompletedSuccessfully)
            {
                return false;
            }

            link = await next.NoContext();
        }
    }
}
