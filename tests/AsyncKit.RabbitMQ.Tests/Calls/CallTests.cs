using System.Diagnostics;

namespace AsyncKit.RabbitMQ.Tests;

/// <summary>Calls and their replies, without a fault of the connection.</summary>
public sealed class CallTests : RabbitTests, IClassFixture<NothingLeftBehind>
{
    [RabbitFact]
    public async Task A_fan_out_over_workers_returns_the_results_in_source_order()
    {
        var call = await OperationAsync();
        await ServeAsync(4, async (item, _) =>
        {
            await Task.Yield();
            return item * 2;
        });
        await ServeAsync(4, (item, _) => new(item * 2));

        var results = await Enumerable.Range(0, 1_000).FanOutAsync(100, call).OrHangs();

        Assert.Equal(Enumerable.Range(0, 1_000).Select(item => item * 2), results);
        await Raw.UntilReadyAsync(Queue, 0);
    }

    [RabbitFact]
    public async Task Every_shape_of_operation_serves_with_and_without_a_result()
    {
        var remote = await ConnectAsync();
        using var stop = new CancellationTokenSource();
        var seen = 0;
        Task[] serving =
        [
            remote.ServeAsync($"{Name}.1", 1, (int item, CancellationToken _) => new ValueTask<int>(item + 1), stop.Token),
            remote.ServeAsync($"{Name}.2", 1, (int item, CancellationToken _) => Task.FromResult(item + 2), stop.Token),
            remote.ServeAsync($"{Name}.3", 1, Json.Default.Int32, (item, _) => new ValueTask(Task.FromResult(seen = item)), stop.Token),
            remote.ServeAsync($"{Name}.4", 1, async (int item, CancellationToken _) => await Task.FromResult(seen = item), stop.Token),
        ];

        Assert.Equal(11, await remote.Operation<int, int>($"{Name}.1")(10, default).AsTask().OrHangs());
        Assert.Equal(12, await remote.Operation<int, int>($"{Name}.2")(10, default).AsTask().OrHangs());
        await remote.Operation($"{Name}.3", Json.Default.Int32)(13, default).AsTask().OrHangs();
        Assert.Equal(13, seen);
        await remote.Operation<int>($"{Name}.4")(14, default).AsTask().OrHangs();
        Assert.Equal(14, seen);

        await stop.CancelAsync();
        await Task.WhenAll(serving).OrHangs();
        foreach (var number in Enumerable.Range(1, 4))
        {
            await Raw.Channel.QueueDeleteAsync($"{Queue}.{number}", ifUnused: false, ifEmpty: false);
        }
    }

    [RabbitFact]
    public async Task Bodies_are_copied_before_the_client_reuses_its_memory()
    {
        var remote = await ConnectAsync();
        using var stop = new CancellationTokenSource();
        var serving = remote.ServeAsync(
            Name, 64, Json.Default.String, Json.Default.String, async (text, _) =>
            {
                await Task.Yield();
                return text + text.Length;
            }, stop.Token);
        string[] items = [.. Enumerable.Range(0, 500).Select(number => new string((char)('a' + (number % 26)), number * 7))];

        var results = await items.FanOutAsync(64, remote.Operation(Name, Json.Default.String, Json.Default.String)).OrHangs();

        Assert.Equal(items.Select(item => item + item.Length), results, StringComparer.Ordinal);
        await stop.CancelAsync();
        await serving.OrHangs();
    }

    [RabbitFact]
    public async Task The_failure_of_an_operation_reaches_the_caller_with_its_type_and_message()
    {
        var call = await OperationAsync();
        await ServeAsync(1, (_, _) => throw new KeyNotFoundException("No such image."));

        var failure = await Assert.ThrowsAsync<RemoteOperationException>(() => call(1, default).AsTask().OrHangs());

        Assert.Equal("System.Collections.Generic.KeyNotFoundException", failure.RemoteType);
        Assert.Equal("No such image.", failure.RemoteMessage);
        Assert.Equal(Name, failure.Operation);
        Assert.Contains(nameof(CallTests), failure.RemoteStackTrace, StringComparison.Ordinal);
        Assert.EndsWith($".{Environment.ProcessId}", failure.Worker, StringComparison.Ordinal);
        Assert.False(Transient.IsTransient(failure));
        await Raw.UntilReadyAsync(Queue, 0);
    }

    [RabbitFact]
    public async Task A_retry_treats_a_remote_failure_like_a_local_one()
    {
        var call = await OperationAsync();
        var runs = 0;
        await ServeAsync(1, (item, _) =>
            ++runs < 3 ? throw new HttpRequestException("Busy.", null, System.Net.HttpStatusCode.ServiceUnavailable) : new(item));

        var result = await call.WithRetry(new RetryOptions { Backoff = Backoff.None })(7, default).AsTask().OrHangs();

        Assert.Equal((7, 3), (result, runs));
    }

    [RabbitFact]
    public async Task An_item_over_the_limit_fails_before_it_is_published()
    {
        var remote = await ConnectAsync(new RabbitRemoteOptions { MaxMessageBytes = 10 });

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            remote.Operation(Name, Json.Default.String, Json.Default.String)("123456789", default).AsTask());

        Assert.Contains("MaxMessageBytes", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("123456789", failure.Message, StringComparison.Ordinal);
        Assert.Null(await Raw.ReadyAsync(Queue));
    }

    [RabbitFact]
    public async Task A_result_over_the_limit_fails_its_item_only()
    {
        var remote = await ConnectAsync(new RabbitRemoteOptions { MaxMessageBytes = 10 });
        using var stop = new CancellationTokenSource();
        var serving = remote.ServeAsync(
            Name, 1, Json.Default.Int32, Json.Default.String, (length, _) => new ValueTask<string>(new string('a', length)), stop.Token);
        var call = remote.Operation(Name, Json.Default.Int32, Json.Default.String);

        var failure = await Assert.ThrowsAsync<RemoteOperationException>(() => call(20, default).AsTask().OrHangs());
        Assert.Equal("System.InvalidOperationException", failure.RemoteType);
        Assert.Equal("aaa", await call(3, default).AsTask().OrHangs());

        await stop.CancelAsync();
        await serving.OrHangs();
    }

    [RabbitFact]
    public async Task The_first_reply_wins_and_a_later_one_is_counted_and_dropped()
    {
        var call = await OperationAsync();
        var first = call(1, default).AsTask();
        var item = await Raw.TakeAsync(Queue);

        await Raw.ReplyAsync(item, "10");
        await Raw.ReplyAsync(item, "20");

        Assert.Equal(10, await first.OrHangs());
        await Counts.UntilAsync("replies.duplicate", 1);
        await Raw.Channel.BasicAckAsync(item.DeliveryTag, multiple: false);
    }

    [RabbitFact]
    public async Task The_worker_span_is_a_child_of_the_client_span()
    {
        var spans = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => string.Equals(source.Name, RabbitDiagnostics.ActivitySourceName, StringComparison.Ordinal),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = span =>
            {
                lock (spans)
                {
                    spans.Add(span);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        var call = await OperationAsync();
        await ServeAsync(1, (item, _) => new(item));
        await call(1, default).AsTask().OrHangs();
        await Hang.UntilAsync(() =>
        {
            lock (spans)
            {
                return spans.Count == 2;
            }
        });

        var client = spans.Single(span => span.Kind == ActivityKind.Client);
        var server = spans.Single(span => span.Kind == ActivityKind.Server);
        Assert.Equal(("asynckit.remote.call", "asynckit.remote.serve"), (client.OperationName, server.OperationName));
        Assert.Equal((client.TraceId, client.SpanId), (server.TraceId, server.ParentSpanId));
        Assert.Equal(Name, server.GetTagItem("asynckit.operation"));
    }

    [RabbitFact]
    public async Task Metrics_have_the_tags_operation_and_outcome_only()
    {
        var call = await OperationAsync();
        await ServeAsync(1, (item, _) => new(item));
        await call(1, default).AsTask().OrHangs();
        await Counts.UntilAsync("serve.duration", 1);

        Assert.Equal((1, 0, 0), (Counts.Of("call.duration"), Counts.Of("calls.active"), Counts.Of("serve.active")));
        string[] tags = ["asynckit.operation", "asynckit.outcome"];
        Assert.Equal(tags, Counts.Tags.Order(StringComparer.Ordinal), StringComparer.Ordinal);
    }

    [RabbitFact]
    public async Task Open_calls_and_running_items_are_counted_and_durations_have_their_outcome()
    {
        var gate = new TestGate();
        await ServeAsync(2, async (item, token) =>
        {
            await gate.PassAsync(item == 3 ? token : CancellationToken.None);
            return item == 2 ? throw new FormatException() : item;
        });
        var call = await OperationAsync();
        using var cancel = new CancellationTokenSource();
        var cancelled = call(3, cancel.Token).AsTask();
        var succeeding = call(1, default).AsTask();
        await gate.ArrivedAsync(2);
        Assert.Equal((2, 2), (Counts.Of("calls.active"), Counts.Of("serve.active")));

        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.OrHangs());
        await Counts.UntilAsync("serve.duration.cancelled", 1);
        gate.Open();
        Assert.Equal(1, await succeeding.OrHangs());
        await Assert.ThrowsAsync<RemoteOperationException>(() => call(2, default).AsTask().OrHangs());
        await Counts.UntilAsync("serve.duration", 3);

        foreach (var outcome in (string[])["succeeded", "failed", "cancelled"])
        {
            Assert.Equal((1, 1), (Counts.Of($"call.duration.{outcome}"), Counts.Of($"serve.duration.{outcome}")));
        }

        Assert.Equal((0, 0), (Counts.Of("calls.active"), Counts.Of("serve.active")));
    }

    [RabbitFact]
    public async Task The_reply_queue_exists_only_from_the_first_call_to_the_disposal()
    {
        await using var remote = await ConnectAsync();
        await ServeAsync(1, (item, _) => new(item));
        Assert.Null(await Raw.ReadyAsync(remote.ReplyQueue));

        await remote.Operation(Name, Json.Default.Int32, Json.Default.Int32)(1, default).AsTask().OrHangs();
        Assert.NotNull(await Raw.ReadyAsync(remote.ReplyQueue));

        await remote.DisposeAsync().AsTask().OrHangs();
        Assert.Null(await Raw.ReadyAsync(remote.ReplyQueue));
        Assert.Equal(0, Counts.Of("reconnects"));
    }

    [RabbitFact]
    public async Task The_reply_queue_of_a_killed_client_expires()
    {
        var proxy = NewProxy();
        var remote = await ConnectAsync(proxy, new RabbitRemoteOptions { ReplyQueueExpiry = TimeSpan.FromSeconds(1) });
        await ServeAsync(1, (item, _) => new(item));
        await remote.Operation(Name, Json.Default.Int32, Json.Default.Int32)(1, default).AsTask().OrHangs();

        proxy.IsRefusing = true;
        proxy.Drop();

        await Raw.UntilUnroutableAsync(remote.ReplyQueue);
    }

    [RabbitFact]
    public async Task Disposal_fails_open_calls_and_none_hangs()
    {
        var remote = await ConnectAsync();
        var call = remote.Operation(Name, Json.Default.Int32, Json.Default.Int32);
        Task<int>[] open = [.. Enumerable.Range(0, 20).Select(item => call(item, default).AsTask())];
        await Raw.UntilReadyAsync(Queue, 20);

        await remote.DisposeAsync().AsTask().OrHangs();

        foreach (var one in open)
        {
            await Assert.ThrowsAsync<ObjectDisposedException>(() => one.OrHangs());
        }

        await Assert.ThrowsAsync<ObjectDisposedException>(() => call(1, default).AsTask());
        await Assert.ThrowsAsync<ObjectDisposedException>(async () =>
            await remote.ServeAsync(Name, 1, (int item, CancellationToken _) => new ValueTask<int>(item)));
    }

    [RabbitFact]
    public async Task The_queue_holds_at_most_the_limit_of_the_fan_out()
    {
        var call = await OperationAsync();
        using var stop = new CancellationTokenSource();
        var run = Enumerable.Range(0, 10_000).FanOutAsync(10, call, stop.Token);
        await Raw.UntilReadyAsync(Queue, 10);
        Assert.Equal(10u, await Raw.ReadyAsync(Queue));

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.OrHangs());
        Assert.Equal(10u, await Raw.ReadyAsync(Queue));
    }

    [RabbitFact]
    public async Task A_cancelled_call_ends_at_once_and_the_client_keeps_publishing()
    {
        var call = await OperationAsync();
        for (var round = 0; round < 200; round++)
        {
            using var cancel = new CancellationTokenSource();
            var cancelled = call(round, cancel.Token).AsTask();
            await cancel.CancelAsync();
            var exception = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.OrHangs());
            Assert.Equal(cancel.Token, exception.CancellationToken);
        }

        await ServeAsync(4, (item, _) => new(item));
        Assert.Equal(7, await call(7, default).AsTask().OrHangs());
        Assert.Equal(0, Counts.Of("reconnects"));
    }
}
