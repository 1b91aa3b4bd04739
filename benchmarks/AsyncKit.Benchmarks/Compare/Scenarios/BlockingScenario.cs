using System.Collections.Concurrent;

namespace AsyncKit.Benchmarks;

/// <summary>Calls of a client that can only block: the same calls from different threads.</summary>
internal sealed class BlockingScenario(Uri server, string[] paths, int limit) : Scenario
{
    /// <summary>The threads of the wide lane: as many as there are calls by default.</summary>
    private const int WideLane = 256;

    private readonly Fetched[] _answers = new Fetched[paths.Length];

    public static ScenarioKind Kind { get; } = new()
    {
        Name = "blocking",
        DefaultItems = 256,
        QuickItems = 96,
        Things = "calls",
        Work = "Call a server through a client that knows no async: connect, send and receive block the thread.",
        Variants =
        [
            Variant.Sequential, Variant.Threads, Variant.ThreadPool, Variant.ParallelForEachBlocking,
            Variant.LongRunning, Variant.Lane, Variant.WideLane,
        ],
        Explain = Explain,
        Hero = Variant.WideLane,
        Headline = Headline,
        NeverBlocks = [Variant.Lane, Variant.WideLane],
        WarmsUpBriefly = [Variant.Sequential, Variant.ThreadPool, Variant.ParallelForEachBlocking],
        Expected = static index => Answered(BlockingCalls.Path(index), BlockingCalls.Answer(BlockingCalls.Path(index))),
        Url = BlockingCalls.Path,
        Open = static (client, paths, limit) => new BlockingScenario(client.BaseAddress!, paths, limit),
    };

    public override async Task RunAsync(Variant variant, CancellationToken cancellationToken)
    {
        switch (variant)
        {
            case Variant.Sequential: Sequential(cancellationToken); break;
            case Variant.Threads: Threads(cancellationToken); break;
            case Variant.ThreadPool: await ThreadPoolAsync(cancellationToken); break;
            case Variant.ParallelForEachBlocking: ParallelForEach(cancellationToken); break;
            case Variant.LongRunning: await LongRunningAsync(cancellationToken); break;
            case Variant.Lane: await LaneAsync(limit, cancellationToken); break;
            default: await LaneAsync(WideLane, cancellationToken); break;
        }
    }

    public override Fetched[] Results() => _answers;

    private void Sequential(CancellationToken cancellationToken)
    {
        for (var index = 0; index < paths.Length; index++)
        {
            Call(index, cancellationToken);
        }
    }

    private void Threads(CancellationToken cancellationToken)
    {
        var failures = new ConcurrentQueue<Exception>();
        var threads = paths.Select((_, index) => new Thread(() =>
        {
            // An unhandled exception on a thread would end the process.
            try
            {
                Call(index, cancellationToken);
            }
            catch (Exception exception)
            {
                failures.Enqueue(exception);
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        if (!failures.IsEmpty)
        {
            throw new AggregateException(failures);
        }
    }

    private Task ThreadPoolAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(paths.Select((_, index) => Task.Run(() => Call(index, cancellationToken), cancellationToken)));

    private void ParallelForEach(CancellationToken cancellationToken) => Parallel.ForEach(
        Enumerable.Range(0, paths.Length),
        new ParallelOptions { CancellationToken = cancellationToken },
        index => Call(index, cancellationToken));

    private Task LongRunningAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(paths.Select((_, index) => Task.Factory.StartNew(
            () => Call(index, cancellationToken),
            cancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));

    private Task LaneAsync(int threads, CancellationToken cancellationToken) =>
        Enumerable.Range(0, paths.Length).FanOutBlockingAsync(threads, Call, cancellationToken);

    private void Call(int index, CancellationToken cancellationToken) =>
        _answers[index] = Answered(paths[index], BlockingCalls.Call(server, paths[index], cancellationToken));

    private static Fetched Answered(string path, byte[] answer) => Fetched.FromFile(path, answer);

    private static string Explain(Variant variant, int limit) => variant switch
    {
        Variant.Sequential => "a loop around the call; the baseline",
        Variant.Threads => "a Thread for every call; no limit",
        Variant.ThreadPool => "Task.Run around the call, one task per call; the pool decides how many run",
        Variant.ParallelForEachBlocking => "Parallel.ForEach, no limit given; the pool decides how many run",
        Variant.LongRunning => "a task with TaskCreationOptions.LongRunning for every call: a thread each; no limit",
        Variant.Lane => $"items.FanOutBlockingAsync({limit}, ...): a lane of {limit} threads",
        _ => $"items.FanOutBlockingAsync({WideLane}, ...): a lane of {WideLane} threads",
    };

    private static string Headline(ScenarioReport report, double speedup)
    {
        var kit = report.Find(Variant.WideLane)!;
        var pool = report.Find(Variant.ThreadPool);
        return $"AsyncKit made {report.Items} blocking calls {Units.Roughly(speedup)} as fast as one by one while other "
            + $"work waited {Units.Milliseconds(kit.PoolLatencyMs?.P99)}"
            + (pool is { Verified: true }
                ? $"; Task.Run {Units.Times(pool.Speedup)} as fast while it waited {Units.Milliseconds(pool.PoolLatencyMs?.P99)}"
                : "");
    }
}
