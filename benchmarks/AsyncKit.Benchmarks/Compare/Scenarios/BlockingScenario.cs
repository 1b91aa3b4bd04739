using System.Collections.Concurrent;
using System.Globalization;

namespace AsyncKit.Benchmarks;

/// <summary>Calls of a client that can only block: the same calls from different threads.</summary>
internal sealed class BlockingScenario(ComparisonScenario<string> scenario, SharedServer server)
{
    /// <summary>The threads of the wide lane: as many as there are calls by default.</summary>
    private const int Wide = 100;

    private readonly int _limit = scenario.Settings.Concurrency;

    public static IReadOnlyList<string> Items(ComparisonSettings settings) =>
        [.. Enumerable.Range(0, settings.Items ?? 100).Select(BlockingCalls.Path)];

    public void Describe()
    {
        scenario
            .Question("How long do many calls take through a client without async methods, and how long does the "
                + "rest of the process wait?")
            .Answer("Threads brought {speedup:AsyncKit lane, limit}. Task.Run brought {speedup:Task.Run} and let other work "
                + "wait {pool:Task.Run}; AsyncKit's lane keeps that at {pool:AsyncKit lane, limit}.")
            .Setup(_ => server.StartAsync(scenario.Settings))
            .EachRound((_, _) => Task.FromResult(server.TakePeakLoad()))
            .Metric("Peak load", "The most calls that the server had at the same time, in any round.", () => server.TakePeakLoad())
            .Verify<IEnumerable<Fetched>>((paths, answers) => Fetched.Difference(
                [.. paths.Select(path => Fetched.FromFile(path, BlockingCalls.Answer(path)))], answers))
            .Inspect(BlockingWatch.InspectAsync);
        AddUsual();
        AddThreads();
    }

    private void AddUsual() => scenario
        .Baseline(
            "one by one",
            (paths, ct) => Task.FromResult(paths.Select(path => Call(path, ct)).ToArray()),
            new VariantNotes { How = "a loop around the call", AtOnce = "1" })
        .Variant(
            "Task.Run",
            (paths, ct) => Task.WhenAll(paths.Select(path => Task.Run(() => Call(path, ct), ct))),
            new VariantNotes { How = "Task.Run around each call", AtOnce = "the thread pool decides" })
        .Variant(
            "Parallel.ForEach",
            (paths, ct) =>
            {
                var answers = new Fetched[paths.Count];
                Parallel.For(0, paths.Count, new ParallelOptions { CancellationToken = ct }, index =>
                    answers[index] = Call(paths[index], ct));
                return Task.FromResult(answers);
            },
            new VariantNotes { How = "Parallel.For, no limit given", AtOnce = "the thread pool decides" });

    private void AddThreads() => scenario
        .Variant(
            "one thread per item",
            (paths, ct) =>
            {
                var answers = new Fetched[paths.Count];
                var failures = new ConcurrentQueue<Exception>();
                var threads = paths.Select((path, index) => new Thread(() =>
                {
                    // An unhandled exception on a thread would end the process.
                    try
                    {
                        answers[index] = Call(path, ct);
                    }
                    catch (Exception exception)
                    {
                        failures.Enqueue(exception);
                    }
                })).ToList();
                threads.ForEach(thread => thread.Start());
                threads.ForEach(thread => thread.Join());
                return failures.IsEmpty ? Task.FromResult(answers) : throw new AggregateException(failures);
            },
            new VariantNotes { How = "a Thread for every call", AtOnce = "all", Caveat = "a thread for every call, however many" })
        .Variant(
            "LongRunning tasks",
            (paths, ct) => Task.WhenAll(paths.Select(path => Task.Factory.StartNew(
                () => Call(path, ct), ct, TaskCreationOptions.LongRunning, TaskScheduler.Default))),
            new VariantNotes
            {
                How = "a task with a dedicated thread for every call",
                AtOnce = "all",
                Caveat = "a thread for every call, however many",
            })
        .Variant(
            "AsyncKit lane, limit",
            (paths, ct) => paths.FanOutBlockingAsync(_limit, Call, ct),
            new VariantNotes { How = "a lane of dedicated threads", AtOnce = Text(_limit), IsEmphasized = true })
        .Variant(
            "AsyncKit lane of 100",
            (paths, ct) => paths.FanOutBlockingAsync(Wide, Call, ct),
            new VariantNotes
            {
                How = "the same with more threads",
                AtOnce = Text(Wide),
                IsEmphasized = true,
                Caveat = "as many threads as there are calls, but never more",
            });

    private Fetched Call(string path, CancellationToken cancellationToken)
    {
        using var timer = scenario.TimeItem();
        return Fetched.FromFile(path, BlockingCalls.Call(server.Address, path, cancellationToken));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
