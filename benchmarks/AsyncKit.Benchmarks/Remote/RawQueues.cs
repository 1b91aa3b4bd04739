using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace AsyncKit.Benchmarks;

/// <summary>Round trips by hand with RabbitMQ.Client: the baseline of the remote benchmark. Every publish awaits its
/// confirmation, and every delivery is acknowledged.</summary>
internal static class RawQueues
{
    private static readonly Dictionary<string, object?> Quorum = new(StringComparer.Ordinal) { ["x-queue-type"] = "quorum" };

    private static readonly CreateChannelOptions Confirmed = new(
        publisherConfirmationsEnabled: true,
        publisherConfirmationTrackingEnabled: true,
        outstandingPublisherConfirmationsRateLimiter: null);

    /// <summary>Publishes items and consumes them in the same process, without a reply.</summary>
    public static async Task<double> OneWayAsync(Uri broker, int items, int limit, bool isPersistent, bool isQuorum)
    {
        await using var connection = await ConnectAsync(broker);
        await using var publisher = await connection.CreateChannelAsync(Confirmed);
        await using var receiver = await connection.CreateChannelAsync();
        var queue = $"asynckit-benchmark-{Guid.NewGuid():N}";
        await receiver.QueueDeclareAsync(queue, durable: isPersistent, false, false, isQuorum ? Quorum : null);
        var consumed = new CountdownEvent(items);
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await receiver.BasicQosAsync(0, (ushort)limit, global: false);
        var consumer = new AsyncEventingBasicConsumer(receiver);
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            await receiver.BasicAckAsync(delivery.DeliveryTag, multiple: false);
            if (consumed.Signal())
            {
                all.SetResult();
            }
        };
        await receiver.BasicConsumeAsync(queue, autoAck: false, consumer);
        var body = JsonSerializer.SerializeToUtf8Bytes(new RemoteJob(0, new string('0', 20)), RemoteJson.Default.RemoteJob);
        var watch = Stopwatch.StartNew();
        await LoopsAsync(items, limit, _ => publisher.BasicPublishAsync(
            "", queue, mandatory: true, new BasicProperties { Persistent = isPersistent }, body).AsTask());
        await all.Task;
        var elapsed = watch.Elapsed;
        await receiver.QueueDeleteAsync(queue);
        return items / elapsed.TotalSeconds;
    }

    /// <summary>A worker by hand, until the stop: a reply that is confirmed, then the acknowledgement.</summary>
    public static async Task ServeAsync(Uri broker, string queue, int limit, Func<Task> untilStopAsync)
    {
        await using var connection = await ConnectAsync(broker);
        await using var publisher = await connection.CreateChannelAsync(Confirmed);
        await using var receiver = await connection.CreateChannelAsync(
            new CreateChannelOptions(false, false, null, consumerDispatchConcurrency: (ushort)limit));
        await receiver.QueueDeclareAsync(queue, durable: true, false, false, Quorum);
        await receiver.BasicQosAsync(0, (ushort)limit, global: false);
        var cycle = new RawCycle(limit);
        var consumer = new AsyncEventingBasicConsumer(receiver);
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            var start = Stopwatch.GetTimestamp();
            var job = JsonSerializer.Deserialize(delivery.Body.Span, RemoteJson.Default.RemoteJob)!;
            var properties = new BasicProperties
            {
                CorrelationId = delivery.BasicProperties.CorrelationId,
                Persistent = delivery.BasicProperties.Persistent,
            };
            var replyTo = delivery.BasicProperties.ReplyTo!;
            var tag = delivery.DeliveryTag;
            var reply = JsonSerializer.SerializeToUtf8Bytes(await job.RunAsync(default), RemoteJson.Default.String);
            var done = Stopwatch.GetTimestamp();
            await publisher.BasicPublishAsync("", replyTo, mandatory: false, properties, reply);
            await receiver.BasicAckAsync(tag, multiple: false);
            cycle.Add(start, done, Stopwatch.GetTimestamp());
        };
        await receiver.BasicConsumeAsync(queue, autoAck: false, consumer);
        await untilStopAsync();
        Console.WriteLine(cycle);
    }

    /// <summary>A client by hand: publishes items with a limit and awaits their replies.</summary>
    public static async Task<double> CallAsync(Uri broker, string queue, RemoteJob[] items, int limit, RawReply kind)
    {
        await using var connection = await ConnectAsync(broker);
        await using var publisher = await connection.CreateChannelAsync(Confirmed);
        await using var receiver = await connection.CreateChannelAsync();
        await receiver.QueueDeclareAsync(queue, durable: true, false, false, Quorum);
        var isDurable = kind == RawReply.Durable;
        var replies = kind == RawReply.Direct
            ? "amq.rabbitmq.reply-to"
            : (await receiver.QueueDeclareAsync("", isDurable, exclusive: !isDurable, autoDelete: true)).QueueName;
        var open = new ConcurrentDictionary<string, TaskCompletionSource<string>>(StringComparer.Ordinal);
        var consumer = new AsyncEventingBasicConsumer(receiver);
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            if (open.TryRemove(delivery.BasicProperties.CorrelationId!, out var waiting))
            {
                waiting.SetResult(JsonSerializer.Deserialize(delivery.Body.Span, RemoteJson.Default.String)!);
            }

            if (kind != RawReply.Direct)
            {
                await receiver.BasicAckAsync(delivery.DeliveryTag, multiple: false);
            }
        };

        // Direct replies come to the channel that publishes, without acknowledgement.
        var channel = kind == RawReply.Direct ? publisher : receiver;
        await channel.BasicConsumeAsync(replies, autoAck: kind == RawReply.Direct, consumer);
        var results = new string[items.Length];
        var watch = Stopwatch.StartNew();
        await LoopsAsync(items.Length, limit, async index =>
        {
            var id = index.ToString(CultureInfo.InvariantCulture);
            var waiting = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            open[id] = waiting;
            var properties = new BasicProperties { CorrelationId = id, ReplyTo = replies, Persistent = isDurable };
            var body = JsonSerializer.SerializeToUtf8Bytes(items[index], RemoteJson.Default.RemoteJob);
            await publisher.BasicPublishAsync("", queue, mandatory: true, properties, body);
            results[index] = await waiting.Task;
        });
        var elapsed = watch.Elapsed;
        RemoteRuns.Check(items, results);
        return items.Length / elapsed.TotalSeconds;
    }

    private static Task<IConnection> ConnectAsync(Uri broker) =>
        new ConnectionFactory { Uri = broker }.CreateConnectionAsync();

    private static Task LoopsAsync(int items, int limit, Func<int, Task> runAsync)
    {
        var next = -1;
        return Task.WhenAll(Enumerable.Range(0, limit).Select(_ => Task.Run(async () =>
        {
            for (var index = Interlocked.Increment(ref next); index < items; index = Interlocked.Increment(ref next))
            {
                await runAsync(index);
            }
        })));
    }
}
