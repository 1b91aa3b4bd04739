using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace AsyncKit.Benchmarks;

/// <summary>One call of 20 fails, the first of them early. It shows what the caller has afterwards.</summary>
internal sealed class FailuresScenario(ComparisonScenario<int> scenario)
{
    private readonly int _limit = scenario.Settings.Concurrency;
    private readonly ConcurrentQueue<Exception> _failures = new();
    private Backend _backend = null!;
    private int _kept;
    private int _left;
    private string _seen = "";

    public static IReadOnlyList<int> Items(ComparisonSettings settings) =>
        [.. Enumerable.Range(0, settings.Items ?? 200)];

    public void Describe()
    {
        scenario
            .Question("One call of 20 fails, one of them early. Which results does the caller have then, and what keeps running?")
            .Answer("FanOutReportAsync keeps {Results:AsyncKit FanOutReportAsync} results and reports "
                + "{Failures:AsyncKit FanOutReportAsync} failures with their items. WhenAll reports "
                + "{Failures:WhenAll, unbounded}, and WhenEach leaves {Still running:WhenEach} calls running.")
            .WithoutRanking()
            .EachRound((_, _) =>
            {
                _backend = new Backend(scenario.Settings.Latency);
                _failures.Clear();
                return Task.CompletedTask;
            })
            .Metric("Results", "The results that the caller has at the end.", () => _kept)
            .Metric("Failures", "The failures that the caller sees.", () => _failures.Count)
            .Metric("Calls", "The calls that reached the service.", () => _backend.Started)
            .Metric("Still running", "The calls in progress when the variant returned.", () => _left)
            .Metric("The user sees", "The first failure, as the caller gets it.", () => _seen);
        AddUsual();
        AddOurs();
    }

    private void AddUsual()
    {
        Add("one by one", async (ids, ct) =>
        {
            var results = new List<int>();
            foreach (var id in ids)
            {
                try
                {
                    results.Add(await CallAsync(id, ct));
                }
                catch (InvalidDataException exception)
                {
                    _failures.Enqueue(exception);
                }
            }

            return results.Count;
        });
        Add("WhenAll, unbounded", async (ids, ct) => (await Task.WhenAll(ids.Select(id => CallAsync(id, ct)))).Length);
        Add("WhenAll, tasks inspected", async (ids, ct) =>
        {
            var tasks = ids.Select(id => CallAsync(id, ct)).ToList();
            await ((Task)Task.WhenAll(tasks)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach (var task in tasks.Where(task => task.IsFaulted))
            {
                _failures.Enqueue(task.Exception!.InnerException!);
            }

            return tasks.Count(task => task.IsCompletedSuccessfully);
        });
        Add("WhenEach", async (ids, ct) =>
        {
            _kept = 0;
            await foreach (var task in Task.WhenEach(ids.Select(id => CallAsync(id, ct))))
            {
                await task;
                _kept++;
            }

            return _kept;
        });
        Add("Parallel.ForEachAsync", async (ids, ct) =>
        {
            var results = new ConcurrentDictionary<int, int>();
            var options = new ParallelOptions { MaxDegreeOfParallelism = _limit, CancellationToken = ct };
            try
            {
                await Parallel.ForEachAsync(ids, options, async (id, token) => results[id] = await CallAsync(id, token));
            }
            finally
            {
                _kept = results.Count; // The dictionary has what was finished, in no order.
            }

            return results.Count;
        });
    }

    private void AddOurs()
    {
        Add("AsyncKit FanOutAsync", async (ids, ct) => (await ids.FanOutAsync(_limit, CallAsync, ct)).Length, isOurs: true);
        Add(
            "AsyncKit FanOutReportAsync",
            async (ids, ct) =>
            {
                var report = await ids.FanOutReportAsync(_limit, CallAsync, ct);
                foreach (var item in report.Failures)
                {
                    _failures.Enqueue(item.Exception!);
                }

                return report.SucceededCount;
            },
            isOurs: true);
    }

    private Task<int> CallAsync(int id, CancellationToken cancellationToken) =>
        _backend.CallOrFailAsync(id, cancellationToken);

    /// <summary>Adds a variant that returns the number of results that its caller has, or throws.</summary>
    private void Add(
        string name,
        Func<IReadOnlyList<int>, CancellationToken, Task<int>> run,
        bool isOurs = false,
        [CallerArgumentExpression(nameof(run))] string? code = null)
    {
        async Task ObserveAsync(IReadOnlyList<int> ids, CancellationToken cancellationToken)
        {
            _kept = 0;
            try
            {
                _kept = await run(ids, cancellationToken);
                _left = _backend.Running;
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                _left = _backend.Running;
                _failures.Enqueue(exception);
            }

            _seen = _failures.TryPeek(out var first) ? Text(first) : "no failure";
        }

        var notes = new VariantNotes { IsEmphasized = isOurs };
        if (string.Equals(name, "one by one", StringComparison.Ordinal))
        {
            scenario.Baseline(name, ObserveAsync, notes, code);
        }
        else
        {
            scenario.Variant(name, ObserveAsync, notes, code);
        }
    }

    private static string Text(Exception exception) => exception.Data["AsyncKit.Index"] is { } index
        ? string.Create(CultureInfo.InvariantCulture, $"{exception.Message} (item {index})")
        : exception.Message;
}
