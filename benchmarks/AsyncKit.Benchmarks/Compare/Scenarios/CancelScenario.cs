using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace AsyncKit.Benchmarks;

/// <summary>Ctrl-C while most of the items still wait. It shows how long the program takes to stop, and what it has
/// then.</summary>
internal sealed class CancelScenario(ComparisonScenario<int> scenario)
{
    private readonly int _limit = scenario.Settings.Concurrency;
    private Backend _backend = null!;
    private int _kept;
    private int _left;
    private TimeSpan _stopped;
    private string _seen = "";

    public static IReadOnlyList<int> Items(ComparisonSettings settings) =>
        [.. Enumerable.Range(0, settings.Items ?? 100_000)];

    public void Describe()
    {
        scenario
            .Question("Ctrl-C while most of the items wait. How long does the program take to stop, and what does it have then?")
            .Answer("FanOutAsync stops in {Stopped after:AsyncKit FanOutAsync}, a semaphore with a task per item in "
                + "{Stopped after:SemaphoreSlim + WhenAll}. With a drain token the "
                + "{Results:AsyncKit, drain token} finished results are kept.")
            .WithoutRanking()
            .EachRound((_, _) =>
            {
                _backend = new Backend(scenario.Settings.Latency);
                return Task.CompletedTask;
            })
            .Metric("Stopped after", "The time from the cancellation until the variant returned.", () => _stopped)
            .Metric("Results", "The results that the caller has at the end.", () => _kept)
            .Metric("Still running", "The calls in progress when the variant returned.", () => _left)
            .Metric("The user sees", "The exception of the variant.", () => _seen);

        Add("one by one", async (ids, stop) =>
        {
            var results = new List<int>();
            foreach (var id in ids)
            {
                results.Add(await CallAsync(id, stop));
            }

            return results.Count;
        });
        Add("SemaphoreSlim + WhenAll", async (ids, stop) =>
        {
            using var semaphore = new SemaphoreSlim(_limit);
            var results = await Task.WhenAll(ids.Select(async id =>
            {
                await semaphore.WaitAsync(stop);
                try
                {
                    return await CallAsync(id, stop);
                }
                finally
                {
                    semaphore.Release();
                }
            }));
            return results.Length;
        });
        Add("Parallel.ForEachAsync", async (ids, stop) =>
        {
            var results = new int[ids.Count];
            var options = new ParallelOptions { MaxDegreeOfParallelism = _limit, CancellationToken = stop };
            await Parallel.ForEachAsync(ids, options, async (id, token) => results[id] = await CallAsync(id, token));
            return results.Length;
        });
        Add("AsyncKit FanOutAsync", async (ids, stop) => (await ids.FanOutAsync(_limit, CallAsync, stop)).Length, isOurs: true);
        Add(
            "AsyncKit, drain token",
            async (ids, stop) =>
            {
                var options = new FanOutOptions(_limit) { DrainToken = stop };
                return (await ids.FanOutAsync(options, CallAsync, CancellationToken.None)).Length;
            },
            isOurs: true);
    }

    private Task<int> CallAsync(int id, CancellationToken cancellationToken) => _backend.CallAsync(id, cancellationToken);

    /// <summary>Adds a variant that gets a token which is cancelled after a second.</summary>
    private void Add(
        string name,
        Func<IReadOnlyList<int>, CancellationToken, Task<int>> run,
        bool isOurs = false,
        [CallerArgumentExpression(nameof(run))] string? code = null)
    {
        async Task StopAsync(IReadOnlyList<int> ids, CancellationToken cancellationToken)
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            _kept = 0;
            _seen = "nothing";
            var running = run(ids, stop.Token);
            await Task.Delay(TimeSpan.FromSeconds(scenario.Settings.IsQuick ? 0.2 : 1), cancellationToken);
            var started = Stopwatch.GetTimestamp();
            await stop.CancelAsync();
            try
            {
                _kept = await running;
            }
            catch (Exception exception)
            {
                _seen = exception.GetType().Name;
            }

            _stopped = Stopwatch.GetElapsedTime(started);
            _left = _backend.Running;
        }

        var notes = new VariantNotes { IsEmphasized = isOurs };
        if (string.Equals(name, "one by one", StringComparison.Ordinal))
        {
            scenario.Baseline(name, StopAsync, notes, code);
        }
        else
        {
            scenario.Variant(name, StopAsync, notes, code);
        }
    }
}
