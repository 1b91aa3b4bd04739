using System.Diagnostics;
using System.Globalization;
using System.Net.Security;

namespace AsyncKit.RabbitMQ.Tests;

/// <summary>A broker that is restarted, killed, blocked or limited, and workers that are killed.</summary>
public sealed class OwnBrokerTests(OwnBroker broker) : RabbitTests
{
    private protected override Uri? Broker => broker.Uri;

    public override async Task InitializeAsync()
    {
        await broker.StartedAsync();
        await base.InitializeAsync();
    }

    [RabbitFact]
    public async Task The_items_of_a_killed_worker_go_to_other_workers()
    {
        using var killed = new WorkerProcess(broker.Uri, Name, 4, 3_600_000);
        await killed.ServingAsync;
        var run = Enumerable.Range(0, 100).FanOutAsync(10, await OperationAsync());
        await killed.StartedAsync;
        await killed.KillAsync();
        using var other = new WorkerProcess(broker.Uri, Name, 4, 1);

        Assert.Equal(Enumerable.Range(0, 100).Select(item => item * 2), await run.OrHangs());
        Assert.InRange(killed.Starts + other.Starts, 101, 100 + 4);
        await Raw.UntilReadyAsync(Queue, 0);
    }

    [RabbitFact]
    public async Task An_item_that_outlasts_the_consumer_timeout_replies_and_runs_twice()
    {
        var proxy = NewProxy();
        var (first, second) = (new TestGate(), new TestGate());
        var call = await OperationAsync();
        await LimitConsumersAsync(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(0.2));
        try
        {
            await ServeAsync(1, (item, _) => AfterAsync(first, item + 1), proxy);
            var result = call(1, default).AsTask();
            await first.ArrivedAsync(1);
            proxy.IsRefusing = true; // So the first worker does not get its item again.
            await Hang.UntilAsync(() => Losses.Any(reason => reason.Contains("delivery acknowledgement", StringComparison.Ordinal)));
            await LimitConsumersAsync(TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(1));
            await ServeAsync(1, (item, _) => AfterAsync(second, item + 2));
            await second.ArrivedAsync(1);

            proxy.IsRefusing = false;
            first.Open();
            Assert.Equal(2, await result.OrHangs());

            second.Open();
            await Counts.UntilAsync("replies.duplicate", 1);
            Assert.Equal((1, 1), (first.Arrivals, second.Arrivals));
            await Raw.UntilReadyAsync(Queue, 0);
        }
        finally
        {
            await LimitConsumersAsync(TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(1));
        }

        // Channels that are opened later have the limit.
        Task LimitConsumersAsync(TimeSpan timeout, TimeSpan tick) => broker.ControlAsync(
            "eval",
            string.Create(
                CultureInfo.InvariantCulture,
                $"[application:set_env(rabbit, K, V) || {{K, V}} <- [{{consumer_timeout, {timeout.TotalMilliseconds}}}, {{channel_tick_interval, {tick.TotalMilliseconds}}}]]."));

        static async ValueTask<int> AfterAsync(TestGate gate, int result)
        {
            await gate.PassAsync(CancellationToken.None);
            return result;
        }
    }

    [RabbitFact]
    public async Task An_item_that_kills_its_workers_is_poison()
    {
        var poisoned = (await OperationAsync())(-1, default).AsTask();
        for (var worker = 0; worker < 2; worker++)
        {
            using var process = new WorkerProcess(broker.Uri, Name, 1, 1, maxDeliveries: 2);
            await process.StartedAsync;
        }

        using var last = new WorkerProcess(broker.Uri, Name, 1, 1, maxDeliveries: 2);
        var failure = await Assert.ThrowsAsync<RemoteOperationException>(() => poisoned.OrHangs());

        Assert.Contains("was delivered 2 times", failure.Message, StringComparison.Ordinal);
        Assert.Equal(0, last.Starts);
        await Raw.UntilReadyAsync(DeadQueue, 1);
    }

    [RabbitFact]
    public async Task A_worker_drains_on_SIGTERM()
    {
        using var worker = new WorkerProcess(broker.Uri, Name, 2, 300);
        var run = Enumerable.Range(0, 2).FanOutAsync(2, await OperationAsync());
        await worker.StartedAsync;

        Assert.Equal(0, await worker.TerminateAsync());

        Assert.True(worker.HasDrained);
        using var other = new WorkerProcess(broker.Uri, Name, 2, 1);
        int[] expected = [0, 2];
        Assert.Equal(expected, await run.OrHangs());
    }

    [RabbitFact]
    public async Task The_publish_timeout_does_not_run_while_the_broker_blocks_the_connection()
    {
        await ServeAsync(1, (item, _) => new(item));
        var log = new LogLines();
        var options = new RabbitRemoteOptions { PublishTimeout = TimeSpan.FromMilliseconds(200), Logger = log };
        var call = await OperationAsync(options: options);
        Assert.Equal(1, await call(1, default).AsTask().OrHangs());
        await broker.ControlAsync("set_vm_memory_high_watermark", "0.0000001");
        var blocked = call(2, default).AsTask();
        await Hang.UntilAsync(() => log.All.Any(line => line.Id == 143));

        // Long enough for a timeout that runs, although the test does not depend on it to pass.
        await Task.WhenAny(blocked, Task.Delay(options.PublishTimeout * 3));
        Assert.False(blocked.IsCompleted);
        Assert.Equal(0, Counts.Of("reconnects"));
        await broker.ControlAsync("set_vm_memory_high_watermark", "0.4");

        Assert.Equal(2, await blocked.OrHangs());
        Assert.Equal(0, Counts.Of("reconnects"));
    }

    [RabbitFact]
    public async Task A_message_that_the_broker_refuses_fails_its_item_and_no_other()
    {
        var remote = await ConnectAsync(Quick);
        using var stop = new CancellationTokenSource();
        var serving = remote.ServeAsync(
            Name, 4, Json.Default.String, Json.Default.String, (text, _) => new ValueTask<string>(text + text), stop.Token);
        var call = remote.Operation(Name, Json.Default.String, Json.Default.String);
        const int Item = OwnBroker.MostMessageBytes * 2;
        const int Half = OwnBroker.MostMessageBytes / 5 * 3; // Its result is too large.
        string[] items = [.. Enumerable.Range(0, 20).Select(number => new string('a', number)), new('b', Item), new('c', Half)];

        var report = await items.FanOutReportAsync(30, call).OrHangs();

        Assert.Equal(20, report.SucceededCount);
        var failures = report.Failures.Select(failure => failure.Exception!).ToList();
        Assert.Contains($"refused a message of {Item + 2} bytes", failures[0].Message, StringComparison.Ordinal);
        Assert.Contains($"refused a message of {(Half * 2) + 2} bytes", failures[1].Message, StringComparison.Ordinal);
        await stop.CancelAsync();
        await serving.OrHangs();
    }

    [RabbitFact]
    public async Task Publishing_replies_deliveries_and_cancellations_have_different_channels()
    {
        var remote = await ConnectAsync();
        using var stop = new CancellationTokenSource();
        var serving = remote.ServeAsync(Name, 1, (int item, CancellationToken _) => new ValueTask<int>(item), stop.Token);
        Assert.Equal(3, await remote.Operation<int, int>(Name)(3, default).AsTask().OrHangs());

        var channels = await broker.ControlAsync("list_channels", "confirm", "consumer_count", "--no-table-headers");

        // The first belongs to the connection of the test.
        string[] expected = ["false\t0", "false\t1", "false\t1", "false\t1", "true\t0"];
        Assert.Equal(expected, channels.Trim().Split('\n').Order(StringComparer.Ordinal), StringComparer.Ordinal);
        await stop.CancelAsync();
        await serving.OrHangs();
    }

    [RabbitFact]
    public async Task Calls_and_workers_connect_with_TLS()
    {
        var options = new RabbitRemoteOptions
        {
            Configure = factory => factory.Ssl.AcceptablePolicyErrors =
                SslPolicyErrors.RemoteCertificateChainErrors | SslPolicyErrors.RemoteCertificateNameMismatch,
        };
        await using var remote = await RabbitRemote.ConnectAsync(broker.TlsUri, options).OrHangs();
        using var stop = new CancellationTokenSource();
        var serving = remote.ServeAsync(Name, 1, (int item, CancellationToken _) => new ValueTask<int>(item), stop.Token);

        Assert.Equal(3, await remote.Operation<int, int>(Name)(3, default).AsTask().OrHangs());

        await stop.CancelAsync();
        await serving.OrHangs();
        await Assert.ThrowsAsync<IOException>(() => RabbitRemote.ConnectAsync(broker.TlsUri).OrHangs());
    }
}
