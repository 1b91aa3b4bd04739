using Microsoft.Extensions.Logging;

namespace AsyncKit.RabbitMQ.Tests;

/// <summary>Lost connections, which a proxy drops, refuses or stalls.</summary>
public sealed class LinkTests : RabbitTests, IClassFixture<NothingLeftBehind>
{
    [RabbitFact]
    public async Task A_lost_connection_is_replaced_and_unconfirmed_items_are_published_again()
    {
        var proxy = NewProxy();
        await ServeAsync(8, (item, _) => new(item * 2));
        var call = await OperationAsync(proxy, Quick);
        var done = 0;
        var run = Enumerable.Range(0, 1_000).FanOutAsync(50, async (item, token) =>
        {
            var result = await call(item, token);
            if (Interlocked.Increment(ref done) % 250 == 0)
            {
                proxy.Drop();
            }

            return result;
        });

        Assert.Equal(Enumerable.Range(0, 1_000).Select(item => item * 2), await run.OrHangs());
        Assert.InRange(Counts.Of("reconnects"), 3, 4);
        await Raw.UntilReadyAsync(Queue, 0);
    }

    [RabbitFact]
    public async Task A_worker_serves_again_after_each_lost_connection_and_no_item_is_lost()
    {
        var proxy = NewProxy();
        var call = await OperationAsync();
        var done = 0;
        await ServeAsync(8, async (item, _) =>
        {
            await Task.Yield();
            if (Interlocked.Increment(ref done) % 250 == 0)
            {
                proxy.Drop();
            }

            return item * 2;
        }, proxy);

        var results = await Enumerable.Range(0, 1_000).FanOutAsync(50, call).OrHangs();

        Assert.Equal(Enumerable.Range(0, 1_000).Select(item => item * 2), results);
        Assert.InRange(done, 1_000, 1_000 + (8 * 4));
    }

    [RabbitFact]
    public async Task An_item_is_acknowledged_only_after_the_broker_confirmed_its_reply()
    {
        var proxy = NewProxy();
        var gate = new TestGate();
        var runs = 0;
        await ServeAsync(1, async (item, _) =>
        {
            runs++;
            await gate.PassAsync(CancellationToken.None);
            return item;
        }, proxy);
        var result = (await OperationAsync())(1, default).AsTask();
        await gate.ArrivedAsync(1);

        proxy.StallToClient(); // The worker sees no confirmation.
        gate.Open();
        Assert.Equal(1, await result.OrHangs());
        proxy.IsRefusing = true;
        proxy.Drop();

        // So the broker still has the item, and another worker gets it.
        var again = new TaskCompletionSource<int>();
        await ServeAsync(1, (item, _) =>
        {
            again.TrySetResult(item);
            return new(item);
        });
        Assert.Equal(1, await again.Task.OrHangs());
        await Counts.UntilAsync("replies.duplicate", 1);
        Assert.Equal(1, runs);
        proxy.IsRefusing = false;
        await Counts.UntilAsync("replies.duplicate", 2); // The first worker replies over its next link.
    }

    [RabbitFact]
    public async Task The_next_item_runs_while_the_reply_of_the_last_one_is_confirmed()
    {
        var proxy = NewProxy();
        var gate = new TestGate();
        await ServeAsync(new RabbitServeOptions(1) { Lookahead = 1 }, async (item, _) =>
        {
            await gate.PassAsync(CancellationToken.None);
            return item;
        }, proxy);
        var run = Enumerable.Range(0, 2).FanOutAsync(2, await OperationAsync());
        await gate.ArrivedAsync(1);
        await Raw.UntilReadyAsync(Queue, 0); // The worker has both.

        proxy.StallToClient(); // The worker sees no confirmation.
        gate.Open();
        int[] expected = [0, 1];
        Assert.Equal(expected, await run.OrHangs());
        Assert.Equal(1, gate.Peak);

        proxy.Resume();
        await Raw.UntilReadyAsync(Queue, 0);
        Assert.Equal(0, Counts.Of("replies.duplicate"));
    }

    [RabbitFact]
    public async Task A_publish_without_an_answer_ends_the_link_and_is_repeated()
    {
        var proxy = NewProxy();
        await ServeAsync(1, (item, _) => new(item));
        var call = await OperationAsync(proxy, Quick with { PublishTimeout = TimeSpan.FromMilliseconds(300) });
        Assert.Equal(1, await call(1, default).AsTask().OrHangs());

        proxy.StallToBroker();
        var stalled = call(2, default).AsTask();
        await Hang.UntilAsync(() => proxy.Accepted > 1); // The link was given up.
        proxy.Drop();

        Assert.Equal(2, await stalled.OrHangs());
        Assert.True(Counts.Of("republished") > 0);
    }

    [RabbitFact]
    public async Task More_open_confirms_than_the_limit_of_the_client_library_are_not_delayed()
    {
        var proxy = NewProxy();
        var call = await OperationAsync(proxy);
        using var stop = new CancellationTokenSource();
        var first = call(0, stop.Token).AsTask();
        await Raw.UntilReadyAsync(Queue, 1);

        proxy.StallToClient(); // No confirmation arrives.
        var run = Enumerable.Range(1, 500).FanOutAsync(500, call, stop.Token);
        await Raw.UntilReadyAsync(Queue, 501);

        proxy.Resume();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.OrHangs());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.OrHangs());
    }

    [RabbitFact]
    public async Task A_reply_survives_the_absence_of_its_client()
    {
        var proxy = NewProxy();
        var gate = new TestGate();
        var runs = 0;
        await ServeAsync(1, async (item, _) =>
        {
            runs++;
            await gate.PassAsync(CancellationToken.None);
            return item;
        });
        var remote = await ConnectAsync(proxy, Quick);
        var result = remote.Operation(Name, Json.Default.Int32, Json.Default.Int32)(1, default).AsTask();
        await gate.ArrivedAsync(1);
        proxy.IsRefusing = true;
        proxy.Drop();
        gate.Open();
        await Raw.UntilReadyAsync(remote.ReplyQueue, 1);

        proxy.IsRefusing = false;

        Assert.Equal(1, await result.OrHangs());
        Assert.Equal(1, runs);
    }

    [RabbitFact]
    public async Task An_unconfirmed_item_is_published_again_with_its_id()
    {
        var proxy = NewProxy();
        var call = await OperationAsync(proxy, Quick);
        var warmUp = call(1, default).AsTask(); // Declares the queue.
        await Raw.ReplyAsync(await Raw.TakeAsync(Queue), "10");
        Assert.Equal(10, await warmUp.OrHangs());

        proxy.StallToClient();
        var result = call(2, default).AsTask();
        var first = await Raw.TakeAsync(Queue);
        proxy.Drop();
        var second = await Raw.TakeAsync(Queue);

        Assert.Equal(first.BasicProperties.CorrelationId, second.BasicProperties.CorrelationId);
        await Raw.ReplyAsync(second, "20");
        Assert.Equal(20, await result.OrHangs());
    }

    [RabbitFact]
    public async Task No_log_or_exception_contains_the_user_info_or_an_item()
    {
        const string Item = "a-confidential-item";
        var proxy = NewProxy();
        var remote = await ConnectAsync(proxy, Quick);
        var failing = remote.Operation(Name, Json.Default.String, Json.Default.Int32)(Item, default).AsTask();
        for (var delivery = 0; delivery < 2; delivery++)
        {
            var item = await Raw.TakeAsync(Queue);
            await Raw.Channel.BasicNackAsync(item.DeliveryTag, multiple: false, requeue: true);
        }

        await ServeAsync(new RabbitServeOptions(1) { MaxDeliveries = 2 }, (item, _) => new(item));
        var failure = await Assert.ThrowsAsync<RemoteOperationException>(() => failing.OrHangs());
        proxy.IsRefusing = true;
        proxy.Drop();
        await Hang.UntilAsync(() => Log.All.Any(line => line.Id == 141));
        proxy.IsRefusing = false;
        await Hang.UntilAsync(() => Log.All.Any(line => line.Id == 142));

        string[] texts = [failure.ToString(), .. Log.All.Select(line => $"{line.Text} {line.Exception}")];
        Assert.Contains(Log.All, line => line.Id == 145);
        Assert.DoesNotContain(texts, text => text.Contains(Item, StringComparison.Ordinal));
        Assert.DoesNotContain(texts, text => text.Contains("guest", StringComparison.Ordinal));
    }

    [RabbitFact]
    public async Task Every_unanswered_item_is_published_again_with_its_id_if_the_reply_queue_is_gone()
    {
        var proxy = NewProxy();
        var remote = await ConnectAsync(proxy, Quick);
        var result = remote.Operation(Name, Json.Default.Int32, Json.Default.Int32)(1, default).AsTask();
        var first = await Raw.TakeAsync(Queue);
        proxy.IsRefusing = true;
        proxy.Drop();
        await Raw.Channel.QueueDeleteAsync(remote.ReplyQueue, ifUnused: false, ifEmpty: false);
        await Raw.ReplyAsync(first, "10"); // Lost with the queue.

        proxy.IsRefusing = false;
        var second = await Raw.TakeAsync(Queue);
        Assert.Equal(first.BasicProperties.CorrelationId, second.BasicProperties.CorrelationId);
        await Raw.ReplyAsync(second, "20");

        Assert.Equal(20, await result.OrHangs());
        Assert.Equal(1, Counts.Of("republished"));
    }

    [RabbitFact]
    public async Task A_running_item_survives_the_loss_of_its_link_and_replies_over_the_next_one()
    {
        var proxy = NewProxy();
        var gate = new TestGate();
        await ServeAsync(1, async (item, token) =>
        {
            await gate.PassAsync(token);
            return item;
        }, proxy);
        var call = await OperationAsync();
        var result = call(1, default).AsTask();
        await gate.ArrivedAsync(1);

        proxy.Drop();
        await Counts.UntilAsync("redelivered", 1); // The redelivery joins the running item.
        gate.Open();

        Assert.Equal(1, await result.OrHangs());
        Assert.Equal(2, await call(2, default).AsTask().OrHangs());
        Assert.Equal((2, 0), (gate.Arrivals, Counts.Of("replies.duplicate")));
        Assert.Equal(1, Counts.Of("reconnects")); // A stale delivery tag would end the second link.
    }

    [RabbitFact]
    public async Task Items_that_wait_in_a_worker_that_loses_its_link_run_on_other_workers_only()
    {
        var proxy = NewProxy();
        var gate = new TestGate();
        await ServeAsync(new RabbitServeOptions(1) { Lookahead = 2 }, async (item, _) =>
        {
            await gate.PassAsync(CancellationToken.None);
            return item;
        }, proxy);
        var run = Enumerable.Range(0, 3).FanOutAsync(3, await OperationAsync());
        await gate.ArrivedAsync(1);
        await Raw.UntilReadyAsync(Queue, 0);

        proxy.IsRefusing = true;
        proxy.Drop();
        await ServeAsync(1, (item, _) => new(item));
        int[] expected = [0, 1, 2];
        Assert.Equal(expected, await run.OrHangs());
        await Raw.UntilReadyAsync(Queue, 0);
        proxy.IsRefusing = false;
        gate.Open();

        await Counts.UntilAsync("replies.duplicate", 1); // Of the item that ran.
        Assert.Equal(1, gate.Arrivals);
    }

    [RabbitFact]
    public async Task A_consumer_that_the_broker_cancels_ends_the_link_and_the_next_one_serves()
    {
        await ServeAsync(1, (item, _) => new(item));
        var call = await OperationAsync();
        Assert.Equal(1, await call(1, default).AsTask().OrHangs());

        await Raw.Channel.QueueDeleteAsync(Queue, ifUnused: false, ifEmpty: false);
        await Counts.UntilAsync("reconnects", 1);

        Assert.Equal(2, await call(2, default).AsTask().OrHangs());
    }

    [RabbitFact]
    public async Task A_logger_that_throws_does_not_stop_reconnecting()
    {
        var proxy = NewProxy();
        await ServeAsync(1, (item, _) => new(item));
        var call = await OperationAsync(proxy, Quick with { Logger = new ThrowingLogger() });
        Assert.Equal(1, await call(1, default).AsTask().OrHangs());

        proxy.Drop();

        Assert.Equal(2, await call(2, default).AsTask().OrHangs());
    }

    [RabbitFact]
    public async Task A_call_without_a_connection_waits_for_the_next_one()
    {
        var proxy = NewProxy();
        await ServeAsync(1, (item, _) => new(item));
        var call = await OperationAsync(proxy, Quick);
        proxy.IsRefusing = true;
        proxy.Drop();
        Task<int>[] waiting = [.. Enumerable.Range(0, 20).Select(item => call(item, default).AsTask())];

        proxy.IsRefusing = false;

        Assert.Equal(Enumerable.Range(0, 20), await Task.WhenAll(waiting).OrHangs());
    }

    [RabbitFact]
    public async Task Disposal_without_a_connection_ends_reconnecting_and_open_calls()
    {
        var proxy = NewProxy();
        var remote = await ConnectAsync(proxy, Quick);
        var open = remote.Operation(Name, Json.Default.Int32, Json.Default.Int32)(1, default).AsTask();
        proxy.IsRefusing = true;
        proxy.Drop();

        await remote.DisposeAsync().AsTask().OrHangs();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => open.OrHangs());
    }

    [RabbitFact]
    public async Task A_wrong_password_fails_the_first_connect_at_once_without_showing_it()
    {
        var wrong = new UriBuilder(RabbitFactAttribute.Broker!) { UserName = "guest", Password = "hunter2" }.Uri;
        var log = new LogLines();
        var failure = await Assert.ThrowsAsync<IOException>(() =>
            RabbitRemote.ConnectAsync(wrong, new RabbitRemoteOptions { Logger = log }).OrHangs());
        Assert.DoesNotContain("hunter2", failure.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(log.All, line => line.Text.Contains("hunter2", StringComparison.Ordinal));
    }

    private sealed class ThrowingLogger : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => throw new InvalidOperationException("A logger.");

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            throw new InvalidOperationException("A logger.");
    }
}
