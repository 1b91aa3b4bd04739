using System.Collections.Concurrent;
using RabbitMQ.Client;

namespace AsyncKit.RabbitMQ;

/// <summary>Passes the cancellations of callers to the running items of a worker, and remembers them for deliveries
/// that arrive later.</summary>
internal sealed class CancelFeed
{
    private const string Key = " cancellations"; // Not the name of a queue.

    private readonly ConcurrentDictionary<ServeRun, bool> _runs = [];
    private readonly CancelledIds _cancelled = new();

    public void Add(ServeRun run) => _runs[run] = true;

    public void Remove(ServeRun run) => _runs.TryRemove(run, out _);

    public bool IsCancelled(string id) => _cancelled.Contains(id);

    /// <summary>Subscribes to the cancellations, once per link. The queue of the subscription ends with the
    /// link.</summary>
    public Task EnsureAsync(Link link) => link.OnceAsync(Key, async declarations =>
    {
        await Topology.DeclareCancelExchangeAsync(declarations).NoContext();
        var queue = await declarations.QueueDeclareAsync(cancellationToken: CancellationToken.None).NoContext();
        await declarations.QueueBindAsync(queue.QueueName, Topology.CancelExchange, "").NoContext();
        var channel = await link.OpenChannelAsync().NoContext();
        var consumer = new Consumer(
            channel,
            (_, properties, _) => OnCancel(properties.CorrelationId),
            () => link.End("the broker cancelled the consumer of the cancellations"));
        await channel.BasicConsumeAsync(
            queue.QueueName, autoAck: true, "", noLocal: false, exclusive: false, null, consumer, CancellationToken.None)
            .NoContext();
    });

    private void OnCancel(string? id)
    {
        if (id is not null)
        {
            _cancelled.Add(id); // First: see ServeRun.RunAsync.
            foreach (var run in _runs.Keys)
            {
                run.Cancel(id);
            }
        }
    }
}
