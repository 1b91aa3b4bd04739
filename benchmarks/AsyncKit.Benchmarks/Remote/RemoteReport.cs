using System.Diagnostics;
using System.Globalization;
using AsyncKit.RabbitMQ;
using RabbitMQ.Client;

namespace AsyncKit.Benchmarks;

/// <summary>The tables of the remote benchmark.</summary>
internal static class RemoteReport
{
    /// <summary>Workers print the start of items that take at least this long, so that the client can count them.</summary>
    public const int PrintedMs = 100;

    private const int Rounds = 5;
    private const int Trips = 10_000;
    private const int WarmUp = 5_000;

    public static readonly string[] AllParts = ["raw", "trips", "1ms", "10ms", "cycle", "large", "kills", "cancel", "memory"];

    public static async Task RunAsync(Uri broker, string[] parts, string path)
    {
        var machine = Machine.Current();
        var version = await VersionAsync(broker);
        List<string> lines = [];
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        Write(
            "# AsyncKit.RabbitMQ",
            "",
            "By `dotnet run -c Release --project benchmarks/AsyncKit.Benchmarks -- remote`. The client, the workers and the broker",
            "are processes of one machine and share its cores.",
            "",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{Units.Day(TimeProvider.System.GetUtcNow())}. {machine.Cpu}, {machine.Cores} cores, {machine.Os}, {machine.Dotnet}, RabbitMQ {version}."),
            "",
            string.Create(
                CultureInfo.InvariantCulture,
                $"The limit of the client is {RemoteRuns.Limit}, that of a worker {RemoteRuns.PerWorker}. Items of about 40 bytes unless noted. Cores are the mean number of"),
            "processor cores in use.");
        var name = $"benchmark-{Guid.NewGuid():N}";
        await using (var remote = await RabbitRemote.ConnectAsync(broker))
        {
            var runs = new RemoteRuns(broker, remote, name);
            foreach (var part in parts)
            {
                Write(await (part switch
                {
                    "raw" => RawAsync(broker),
                    "trips" => TripsAsync(broker, runs, name),
                    "1ms" => ScalingAsync(runs, milliseconds: 1, items: 10_000),
                    "10ms" => ScalingAsync(runs, milliseconds: 10, items: 2_000),
                    "cycle" => CycleAsync(broker, runs, name),
                    "large" => LargeAsync(runs),
                    "kills" => KillsAsync(runs),
                    "cancel" => CancelAsync(runs),
                    "memory" => MemoryAsync(runs),
                    _ => throw new ArgumentException($"{part} is not a part.", nameof(parts)),
                }));
            }
        }

        await DeleteAsync(broker, $"asynckit.{name}", name);

        void Write(params string[] more)
        {
            lines.AddRange(more);
            Array.ForEach(more, Console.WriteLine);
            File.WriteAllLines(path, lines);
        }
    }

    public static async Task DeleteAsync(Uri broker, params string[] queues)
    {
        await using var connection = await new ConnectionFactory { Uri = broker }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        foreach (var queue in queues)
        {
            await channel.QueueDeleteAsync(queue, ifUnused: false, ifEmpty: false);
        }
    }

    private static async Task<string[]> RawAsync(Uri broker)
    {
        List<string> rows = [];
        foreach (var (text, isPersistent, isQuorum) in ((string, bool, bool)[])
            [("classic, transient", false, false), ("classic, persistent", true, false), ("quorum", true, true)])
        {
            List<double> rates = [];
            for (var round = -1; round < 3; round++)
            {
                rates.Add(await RawQueues.OneWayAsync(broker, Trips, RemoteRuns.Limit, isPersistent, isQuorum));
            }

            rows.Add(Line($"| {text} | {Statistics.Median(rates.Skip(1)):N0} |"));
        }

        return
        [
            "",
            "## RabbitMQ.Client by hand, without a reply",
            "",
            Line($"Publish, confirm, consume and acknowledge in one process; {Trips:N0} messages, median of 3 rounds."),
            "",
            "| Queue | Messages per second |",
            "|---|---:|",
            .. rows,
        ];
    }

    private static async Task<string[]> TripsAsync(Uri broker, RemoteRuns runs, string name)
    {
        var items = RemoteJob.Many(Trips);
        using var workers = await runs.StartAsync(3);
        using var byHand = await runs.StartAsync(3, "raw");
        _ = await runs.RunAsync(RemoteJob.Many(WarmUp), workers);
        _ = await CallAsync(RemoteJob.Many(WarmUp), RawReply.Durable);
        List<RemoteRun> own = [];
        List<double> raw = [];
        for (var round = 0; round < Rounds; round++)
        {
            if (round % 2 == 0)
            {
                raw.Add(await CallAsync(items, RawReply.Durable));
            }

            own.Add(await runs.RunAsync(items, workers));
            if (round % 2 == 1)
            {
                raw.Add(await CallAsync(items, RawReply.Durable));
            }
        }

        var exclusive = await CallAsync(items, RawReply.Exclusive);
        var direct = await CallAsync(items, RawReply.Direct);
        var ratio = Statistics.Median(raw.Zip(own, (baseline, run) => run.Rate / baseline));
        await workers.StopAsync();
        using var one = await runs.StartAsync(1);
        _ = await runs.RunAsync(RemoteJob.Many(WarmUp), one);
        var single = RemoteRun.Median([await runs.RunAsync(items, one), await runs.RunAsync(items, one), await runs.RunAsync(items, one)]);
        await one.StopAsync();
        await byHand.StopAsync();
        return
        [
            "",
            "## Round trips without work",
            "",
            Line($"{Trips:N0} items through a quorum queue, 3 workers unless noted; both messages confirmed. The ratio is the median of {Rounds} pairs."),
            "",
            "| Variant | Items per second | Ratio | Client cores | Worker cores | Broker cores |",
            "|---|---:|---:|---:|---:|---:|",
            Line($"| by hand, durable reply queue | {Statistics.Median(raw):N0} | 1.00x | | | |"),
            Line($"| by hand, transient, exclusive reply queue | {exclusive:N0} | | | | |"),
            Line($"| by hand, transient, direct reply-to | {direct:N0} | | | | |"),
            Line($"| AsyncKit | {RemoteRun.Median(own).Rate:N0} | {ratio:0.00}x | {RemoteRun.Median(own)} |"),
            Line($"| AsyncKit, 1 worker | {single.Rate:N0} | | {single} |"),
        ];

        Task<double> CallAsync(RemoteJob[] jobs, RawReply kind) => RawQueues.CallAsync(broker, name, jobs, RemoteRuns.Limit, kind);
    }

    private static async Task<string[]> ScalingAsync(RemoteRuns runs, int milliseconds, int items)
    {
        var jobs = RemoteJob.Many(items, milliseconds);
        List<string> rows = [];
        foreach (var lookahead in (int[])[0, RemoteRuns.Lookahead])
        {
            double first = 0;
            foreach (var count in (int[])[1, 2, 4])
            {
                using var workers = await runs.StartAsync(count, lookahead: lookahead);
                _ = await runs.RunAsync(RemoteJob.Many(WarmUp), workers);
                var local = Statistics.Median(
                    [await LocalAsync(count), await LocalAsync(count), await LocalAsync(count)]);
                var run = RemoteRun.Median(
                    [await runs.RunAsync(jobs, workers), await runs.RunAsync(jobs, workers), await runs.RunAsync(jobs, workers)]);
                first = count == 1 ? run.Rate : first;
                rows.Add(Line(
                    $"| {lookahead} | {count} | {local:N0} | {run.Rate:N0} | {run.Rate / local:0.00}x | {run.Rate / first:0.00}x | {run} |"));
                await workers.StopAsync();
            }
        }

        return
        [
            "",
            Line($"## Items of {milliseconds} ms"),
            "",
            Line($"{items:N0} items, median of 3 rounds. Local is a fan-out in one process with the same total limit."),
            "",
            "| Lookahead | Workers | Local, items per second | Remote | Against local | Against 1 worker | Client cores | Worker cores | Broker cores |",
            "|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
            .. rows,
        ];

        Task<double> LocalAsync(int count) => RemoteRuns.LocalAsync(jobs, count * RemoteRuns.PerWorker);
    }

    /// <summary>Explains the items of 10 ms: each part of a slot's time, by hand.</summary>
    private static async Task<string[]> CycleAsync(Uri broker, RemoteRuns runs, string name)
    {
        List<string> rows = [];
        foreach (var count in (int[])[1, 4])
        {
            foreach (var (text, kind) in ((string, RawReply)[])[("durable", RawReply.Durable), ("transient", RawReply.Exclusive)])
            {
                using var workers = await runs.StartAsync(count, "raw");
                var rate = await RawQueues.CallAsync(broker, name, RemoteJob.Many(2_000, 10), RemoteRuns.Limit, kind);
                await workers.StopAsync();
                rows.Add(Line($"| {count} | {text} | {rate:N0} | {workers.Last} |"));
            }
        }

        return
        [
            "",
            "## Where a slot spends its time",
            "",
            "2,000 items of 10 ms by hand, in milliseconds an item: the work with the delay of the timer, the confirmation of the",
            "reply with the acknowledgement, and the wait for the next delivery while the queue has items.",
            "",
            "| Workers | Replies | Items per second | Work | Confirmation | Next delivery |",
            "|---:|---|---:|---:|---:|---:|",
            .. rows,
        ];
    }

    private static async Task<string[]> LargeAsync(RemoteRuns runs)
    {
        RemoteJob[] items = [.. Enumerable.Repeat(new RemoteJob(0, new string('x', 1 << 20)), 500)];
        using var workers = await runs.StartAsync(3);
        _ = await items[..50].FanOutAsync(16, runs.Operation);
        var watch = Stopwatch.StartNew();
        RemoteRuns.Check(items, await items.FanOutAsync(16, runs.Operation));
        var rate = items.Length / watch.Elapsed.TotalSeconds;
        await workers.StopAsync();
        return ["", "## Items of 1 MiB", "", Line($"{items.Length} items and results of 1 MiB, 16 at once, 3 workers: {rate:N0} items per second.")];
    }

    private static async Task<string[]> KillsAsync(RemoteRuns runs)
    {
        const int Workers = 3;
        var items = RemoteJob.Many(5_000, PrintedMs);
        var ideal = TimeSpan.FromMilliseconds((double)items.Length * PrintedMs / (Workers * RemoteRuns.PerWorker));
        using var workers = await runs.StartAsync(Workers);
        var watch = Stopwatch.StartNew();
        var run = items.FanOutAsync(RemoteRuns.Limit, runs.Operation);
        var kills = 0;
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        while (await timer.WaitForNextTickAsync() && !run.IsCompleted)
        {
            await workers.KillFirstAsync();
            kills++;
            await workers.AddAsync();
        }

        RemoteRuns.Check(items, await run);
        var elapsed = watch.Elapsed;
        await workers.StopAsync();
        return
        [
            "",
            "## A worker killed every second",
            "",
            Line($"{items.Length:N0} items of {PrintedMs} ms, {Workers} workers, one killed by SIGKILL every second and replaced."),
            "",
            "| Ideal without kills | Measured | Ratio | Workers killed | Runs more than items | Kills x limit |",
            "|---:|---:|---:|---:|---:|---:|",
            Line($"| {ideal.TotalSeconds:0.0} s | {elapsed.TotalSeconds:0.0} s | {ideal / elapsed:0.00}x | {kills} | {workers.Items - items.Length} | {kills * RemoteRuns.PerWorker} |"),
        ];
    }

    private static async Task<string[]> CancelAsync(RemoteRuns runs)
    {
        using var workers = await runs.StartAsync(3);
        _ = await runs.RunAsync(RemoteJob.Many(1_000), workers);
        using var cancel = new CancellationTokenSource();
        var started = workers.Items;
        var run = RemoteJob.Many(150, 60_000).FanOutAsync(150, runs.Operation, cancel.Token);
        while (workers.Items - started < 3 * RemoteRuns.PerWorker)
        {
            await Task.Yield();
        }

        var watch = Stopwatch.StartNew();
        await cancel.CancelAsync();
        _ = await run.ContinueWith(_ => 0, TaskScheduler.Default);
        var cancelled = watch.Elapsed;
        _ = await runs.Operation(new RemoteJob(0, "next"), default);
        var next = watch.Elapsed;
        await workers.StopAsync();
        return
        [
            "",
            "## A cancelled run",
            "",
            Line($"150 items of a minute on 3 workers. The run ended {cancelled.TotalMilliseconds:0.0} ms after its cancellation. The next item was done"),
            Line($"{next.TotalMilliseconds:0} ms after the cancellation, on the same workers."),
        ];
    }

    private static async Task<string[]> MemoryAsync(RemoteRuns runs)
    {
        int[] counts = [1_000, 5_000, 10_000, 20_000];
        using var workers = await runs.StartAsync(3);
        _ = await runs.RunAsync(RemoteJob.Many(WarmUp), workers);
        var job = RemoteJob.Many(1)[0];
        var before = GC.GetTotalMemory(forceFullCollection: true);
        List<string> rows = [];
        var seen = 0;
        await foreach (var _ in Enumerable.Repeat(job, counts[^1]).FanOutStream(RemoteRuns.Limit, runs.Operation))
        {
            if (counts.Contains(++seen))
            {
                rows.Add(Line($"| {seen:N0} | {(GC.GetTotalMemory(forceFullCollection: true) - before) / 1024:N0} KiB |"));
            }
        }

        await workers.StopAsync();
        return
        [
            "",
            "## Memory of the client",
            "",
            Line($"One `FanOutStream`, {RemoteRuns.Limit} at once: what is alive after so many results, above what was alive before."),
            "",
            "| Results read | Alive |",
            "|---:|---:|",
            .. rows,
        ];
    }

    private static async Task<string> VersionAsync(Uri broker)
    {
        await using var connection = await new ConnectionFactory { Uri = broker }.CreateConnectionAsync();
        return connection.ServerProperties!["version"] is byte[] text ? System.Text.Encoding.UTF8.GetString(text) : "-";
    }

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
