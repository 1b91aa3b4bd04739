using System.Text;
using RabbitMQ.Client;

namespace AsyncKit.RabbitMQ.Tests;

/// <summary>Limits, time limits, cancellation, poison and drain of workers.</summary>
public sealed class WorkerTests : RabbitTests, IClassFixture<NothingLeftBehind>
{
    private static readonly Dictionary<string, object?> Quorum = new(StringComparer.Ordinal) { ["x-queue-type"] = "quorum" };

    [RabbitFact]
    public async Task A_worker_holds_no_more_deliveries_than_its_limit()
    {
        var gate = new TestGate();
        await ServeAsync(2, async (item, token) =>
        {
            await gate.PassAsync(token);
            return item;
        });
        var run = Enumerable.Range(0, 5).FanOutAsync(5, await OperationAsync());
        await gate.ArrivedAsync(2);
        await Raw.UntilReadyAsync(Queue, 3);

        gate.Open();
        await run.OrHangs();
        Assert.Equal(2, gate.Peak);
    }

    [RabbitFact]
    public async Task A_look_ahead_holds_so_many_deliveries_more_and_runs_no_more_items()
    {
        var gate = new TestGate();
        await ServeAsync(new RabbitServeOptions(2) { Lookahead = 3 }, async (item, token) =>
        {
            await gate.PassAsync(token);
            return item;
        });
        var run = Enumerable.Range(0, 9).FanOutAsync(9, await OperationAsync());
        await gate.ArrivedAsync(2);
        await Raw.UntilReadyAsync(Queue, 4);

        gate.Open();
        int[] expected = [0, 1, 2, 3, 4, 5, 6, 7, 8];
        Assert.Equal(expected, await run.OrHangs());
        Assert.Equal(2, gate.Peak);
    }

    [RabbitFact]
    public async Task A_drain_returns_the_deliveries_that_were_not_started()
    {
        var gate = new TestGate();
        using var stop = new CancellationTokenSource();
        var serving = await ServeAsync(
            new RabbitServeOptions(1) { Lookahead = 2 },
            async (item, _) =>
            {
                await gate.PassAsync(CancellationToken.None);
                return item;
            },
            stop: stop.Token);
        var run = Enumerable.Range(0, 3).FanOutAsync(3, await OperationAsync());
        await gate.ArrivedAsync(1);
        await Raw.UntilReadyAsync(Queue, 0);

        await stop.CancelAsync();
        await Raw.UntilReadyAsync(Queue, 2);
        Assert.False(serving.IsCompleted);

        gate.Open();
        await serving.OrHangs();
        Assert.Equal(1, gate.Arrivals);
        await ServeAsync(1, (item, _) => new(item));
        int[] expected = [0, 1, 2];
        Assert.Equal(expected, await run.OrHangs());
    }

    [RabbitFact]
    public async Task Client_and_worker_declare_the_same_queue_whatever_their_options()
    {
        var call = await OperationAsync(options: new RabbitRemoteOptions { ReplyQueueExpiry = TimeSpan.FromHours(1), MaxMessageBytes = 100 });
        var first = call(1, default).AsTask();
        await Raw.UntilReadyAsync(Queue, 1);
        await ServeAsync(new RabbitServeOptions(3) { MaxDeliveries = 2, ItemTimeout = TimeSpan.FromHours(1) }, (item, _) => new(item));
        Assert.Equal(1, await first.OrHangs());

        // A conflict with what they declared would be refused.
        await Raw.Channel.QueueDeclareAsync(Queue, durable: true, exclusive: false, autoDelete: false, Quorum);
    }

    [RabbitFact]
    public async Task A_queue_that_conflicts_fails_calls_and_workers_and_nothing_else()
    {
        await Raw.Channel.QueueDeclareAsync(Queue, durable: false, exclusive: false, autoDelete: false);
        var remote = await ConnectAsync();
        var call = remote.Operation(Name, Json.Default.Int32, Json.Default.Int32);

        var failure = await Assert.ThrowsAnyAsync<Exception>(() => call(1, default).AsTask().OrHangs());
        Assert.Contains("PRECONDITION_FAILED", failure.Message, StringComparison.Ordinal);
        await Assert.ThrowsAnyAsync<Exception>(() =>
            remote.ServeAsync(Name, 1, (int item, CancellationToken _) => new ValueTask<int>(item)).OrHangs());
        Assert.Empty(Losses);

        await Raw.Channel.QueueDeleteAsync(Queue, ifUnused: false, ifEmpty: false);
        await ServeAsync(1, (item, _) => new(item));
        Assert.Equal(2, await call(2, default).AsTask().OrHangs());
    }

    [RabbitFact]
    public async Task A_poison_item_is_not_run_and_its_caller_gets_an_exception()
    {
        var poisoned = (await OperationAsync())(1, default).AsTask();
        for (var delivery = 0; delivery < 3; delivery++)
        {
            var item = await Raw.TakeAsync(Queue);
            await Raw.Channel.BasicNackAsync(item.DeliveryTag, multiple: false, requeue: true);
        }

        var ran = false;
        await ServeAsync(new RabbitServeOptions(1) { MaxDeliveries = 3 }, (item, _) =>
        {
            ran = true;
            return new(item);
        });

        var failure = await Assert.ThrowsAsync<RemoteOperationException>(() => poisoned.OrHangs());
        Assert.Contains($"3 times and no worker acknowledged it; it is in the queue {DeadQueue}", failure.Message, StringComparison.Ordinal);
        Assert.False(ran);
        Assert.Equal(1, Counts.Of("dead"));
        var dead = await Raw.TakeAsync(DeadQueue);
        Assert.Equal("1", Encoding.UTF8.GetString(dead.Body.Span));
        await Raw.UntilReadyAsync(Queue, 0);
    }

    [RabbitFact]
    public async Task A_foreign_message_goes_to_the_dead_letters()
    {
        await ServeAsync(1, (item, _) => new(item));
        Assert.Equal(1, await (await OperationAsync())(1, default).AsTask().OrHangs());
        await Raw.Channel.BasicPublishAsync("", Queue, mandatory: false, Encoding.UTF8.GetBytes("hello"));
        var strange = new BasicProperties { Headers = new Dictionary<string, object?>(StringComparer.Ordinal) { ["x-delivery-count"] = "many" } };
        await Raw.Channel.BasicPublishAsync("", Queue, mandatory: false, strange, Encoding.UTF8.GetBytes("hello"));
        await Raw.UntilReadyAsync(DeadQueue, 2);
        Assert.Equal(2, await (await OperationAsync())(2, default).AsTask().OrHangs());
    }

    [RabbitFact]
    public async Task A_deleted_queue_of_dead_letters_is_declared_again()
    {
        await ServeAsync(1, (item, _) => new(item));
        var call = await OperationAsync();
        Assert.Equal(1, await call(1, default).AsTask().OrHangs());
        await Raw.Channel.BasicPublishAsync("", Queue, mandatory: false, Encoding.UTF8.GetBytes("hello"));
        await Raw.UntilReadyAsync(DeadQueue, 1);
        await Raw.Channel.QueueDeleteAsync(DeadQueue, ifUnused: false, ifEmpty: false);

        await Raw.Channel.BasicPublishAsync("", Queue, mandatory: false, Encoding.UTF8.GetBytes("again"));
        await Raw.UntilReadyAsync(DeadQueue, 1);
        Assert.Equal(2, await call(2, default).AsTask().OrHangs());
    }

    [RabbitFact]
    public async Task An_item_that_exceeds_its_limit_is_cancelled_and_fails_as_transient()
    {
        var cancelled = new TaskCompletionSource();
        var call = await OperationAsync();
        await ServeAsync(new RabbitServeOptions(1) { ItemTimeout = TimeSpan.FromMilliseconds(20) }, async (item, token) =>
        {
            if (item == 1)
            {
                await Task.Delay(Timeout.Infinite, token).ContinueWith(_ => cancelled.SetResult(), TaskScheduler.Default);
            }

            return item;
        });

        var failure = await Assert.ThrowsAsync<RemoteOperationException>(() => call(1, default).AsTask().OrHangs());
        Assert.Equal("System.TimeoutException", failure.RemoteType);
        Assert.True(Transient.IsTransient(failure));
        await cancelled.Task.OrHangs();
        Assert.Equal(2, await call(2, default).AsTask().OrHangs());
    }

    [RabbitFact]
    public async Task An_operation_that_ignores_its_token_keeps_its_slot_after_the_caller_has_its_failure()
    {
        var gate = new TestGate();
        var call = await OperationAsync();
        await ServeAsync(new RabbitServeOptions(1) { ItemTimeout = TimeSpan.FromMilliseconds(20) }, async (item, _) =>
        {
            await gate.PassAsync(CancellationToken.None);
            return item;
        });
        await Assert.ThrowsAsync<RemoteOperationException>(() => call(1, default).AsTask().OrHangs());

        var second = call(2, default).AsTask();
        Assert.Equal(1, gate.Arrivals);
        gate.Open();
        Assert.Equal(2, await second.OrHangs());
        Assert.Equal(1, gate.Peak);
    }

    [RabbitFact]
    public async Task Cancelling_a_call_cancels_the_item_on_the_worker()
    {
        var gate = new TestGate();
        var ended = new TaskCompletionSource();
        await ServeAsync(1, async (item, token) =>
        {
            try
            {
                await gate.PassAsync(token);
                return item;
            }
            finally
            {
                ended.TrySetResult();
            }
        });
        var call = await OperationAsync();
        using var cancel = new CancellationTokenSource();
        var cancelled = call(1, cancel.Token).AsTask();
        await gate.ArrivedAsync(1);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.OrHangs());
        await ended.Task.OrHangs();
        gate.Open();
        Assert.Equal(2, await call(2, default).AsTask().OrHangs());
        Assert.Equal((1, 0), (Counts.Of("cancelled"), Counts.Of("replies.duplicate")));
    }

    [RabbitFact]
    public async Task A_worker_skips_an_item_that_was_cancelled_before_its_delivery()
    {
        var gate = new TestGate();
        var ran = new List<int>();
        await ServeAsync(1, async (item, token) =>
        {
            ran.Add(item);
            await gate.PassAsync(token);
            return item;
        });
        var call = await OperationAsync();
        var first = call(1, default).AsTask();
        await gate.ArrivedAsync(1);
        using var cancel = new CancellationTokenSource();
        var cancelled = call(2, cancel.Token).AsTask();
        await Raw.UntilReadyAsync(Queue, 1);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.OrHangs());
        using var other = new CancellationTokenSource(); // Its cancellation arrives after that of the second item.
        var running = await ServeAsync(1, (item, _) => new(item), stop: other.Token);
        await other.CancelAsync();
        await running.OrHangs();
        gate.Open();

        Assert.Equal(1, await first.OrHangs());
        Assert.Equal(3, await call(3, default).AsTask().OrHangs());
        Assert.DoesNotContain(2, ran);
    }

    [RabbitFact]
    public async Task A_body_that_does_not_parse_fails_its_item_and_is_not_poison()
    {
        await ServeAsync(1, (item, _) => new(item));
        var call = (await ConnectAsync()).Operation(Name, Json.Default.String, Json.Default.Int32);

        var failure = await Assert.ThrowsAsync<RemoteOperationException>(() => call("no number", default).AsTask().OrHangs());

        Assert.Equal("System.Text.Json.JsonException", failure.RemoteType);
        Assert.Equal(0, Counts.Of("dead"));
        await Raw.UntilReadyAsync(Queue, 0);
    }

    [RabbitFact]
    public async Task An_item_of_another_version_of_the_format_fails()
    {
        await ServeAsync(1, (item, _) => new(item));
        var replies = (await Raw.Channel.QueueDeclareAsync()).QueueName;
        Assert.Equal(1, await (await OperationAsync())(1, default).AsTask().OrHangs());
        var properties = Topology.NewProperties("me.1", Topology.ItemType);
        properties.ReplyTo = replies;
        properties.Headers!["asynckit-version"] = "2";
        await Raw.Channel.BasicPublishAsync("", Queue, mandatory: false, properties, Encoding.UTF8.GetBytes("1"));

        var reply = await Raw.Channel.BasicGetAsync(replies, autoAck: true);
        while (reply is null)
        {
            await Task.Yield();
            reply = await Raw.Channel.BasicGetAsync(replies, autoAck: true);
        }

        Assert.Equal("fault", reply.BasicProperties.Type);
        Assert.Contains("NotSupportedException", Encoding.UTF8.GetString(reply.Body.Span), StringComparison.Ordinal);
    }

    [RabbitFact]
    public async Task A_reply_to_a_client_that_is_gone_is_counted_and_its_item_acknowledged()
    {
        var gate = new TestGate();
        await ServeAsync(1, async (item, _) =>
        {
            await gate.PassAsync(CancellationToken.None);
            return item;
        });
        var remote = await ConnectAsync();
        var lost = remote.Operation(Name, Json.Default.Int32, Json.Default.Int32)(1, default).AsTask();
        await gate.ArrivedAsync(1);
        await remote.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => lost.OrHangs());

        gate.Open();

        await Counts.UntilAsync("replies.unroutable", 1);
        Assert.Equal(2, await (await OperationAsync())(2, default).AsTask().OrHangs());
        Assert.Equal(0, Counts.Of("redelivered"));
    }

    [RabbitFact]
    public async Task A_drain_awaits_running_items_their_replies_and_acknowledgements()
    {
        var gate = new TestGate();
        using var stop = new CancellationTokenSource();
        var serving = await ServeAsync(2, async (item, _) =>
        {
            await gate.PassAsync(CancellationToken.None);
            return item;
        }, stop: stop.Token);
        var call = await OperationAsync();
        var run = Enumerable.Range(0, 4).FanOutAsync(4, call);
        await gate.ArrivedAsync(2);

        await stop.CancelAsync();
        Assert.False(serving.IsCompleted);
        gate.Open();
        await serving.OrHangs();
        Assert.Equal(2, gate.Arrivals);

        await ServeAsync(2, (item, _) => new(item));
        int[] expected = [0, 1, 2, 3];
        Assert.Equal(expected, await run.OrHangs());
        Assert.Equal(0, Counts.Of("redelivered"));
    }

    [RabbitFact]
    public async Task An_item_of_a_drain_that_loses_its_link_replies_over_the_next_one()
    {
        var proxy = NewProxy();
        var gate = new TestGate();
        using var stop = new CancellationTokenSource();
        var serving = await ServeAsync(
            1,
            async (item, _) =>
            {
                await gate.PassAsync(CancellationToken.None);
                return item;
            },
            proxy,
            stop.Token);
        var result = (await OperationAsync())(5, default).AsTask();
        await gate.ArrivedAsync(1);

        await stop.CancelAsync();
        proxy.Drop();
        await Counts.UntilAsync("reconnects", 1);
        gate.Open();

        Assert.Equal(5, await result.OrHangs());
        await serving.OrHangs();
        Assert.Equal(1, gate.Arrivals);
    }

    [RabbitFact]
    public async Task Items_that_outlast_the_drain_are_cancelled_and_go_to_other_workers()
    {
        var gate = new TestGate();
        using var stop = new CancellationTokenSource();
        var serving = await ServeAsync(
            new RabbitServeOptions(1) { DrainTimeout = TimeSpan.Zero },
            async (item, token) =>
            {
                await gate.PassAsync(token);
                return -item;
            },
            stop: stop.Token);
        var result = (await OperationAsync())(5, default).AsTask();
        await gate.ArrivedAsync(1);

        await stop.CancelAsync();
        await serving.OrHangs();
        await ServeAsync(1, (item, _) => new(item));

        Assert.Equal(5, await result.OrHangs());
    }

    [RabbitFact]
    public async Task Disposal_ends_workers_and_their_items_go_to_other_workers()
    {
        var gate = new TestGate();
        var remote = await ConnectAsync();
        var serving = remote.ServeAsync(Name, 1, async (int item, CancellationToken token) =>
        {
            await gate.PassAsync(token);
            return -item;
        });
        var result = (await OperationAsync())(5, default).AsTask();
        await gate.ArrivedAsync(1);

        await remote.DisposeAsync().AsTask().OrHangs();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => serving.OrHangs());
        await ServeAsync(1, (item, _) => new(item));

        Assert.Equal(5, await result.OrHangs());
    }
}
