using System.Collections.Concurrent;
using System.Globalization;
using AsyncKit.Diagnostics;

namespace AsyncKit.Benchmarks;

/// <summary>Measures one scenario in every variant, round after round, and verifies each result.</summary>
internal sealed class ScenarioComparison(ScenarioKind kind, CompareOptions options, Uri server, IRunView view)
{
    private const int WarmUpItems = 2;
    private const double QuickRepeatLimit = 0.5;
    private const double RepeatLimit = 5;

    /// <summary>A synchronous wait counts even if it is short. The other thresholds allow for a busy machine.</summary>
    private static readonly BlockingDetectorOptions Strict = new()
    {
        WaitThreshold = TimeSpan.Zero,
        PoolLatencyThreshold = TimeSpan.FromSeconds(1),
        PrefixThreshold = TimeSpan.FromSeconds(1),
    };

    private readonly int _items = options.ItemsOf(kind);
    private readonly List<VariantRun> _runs =
        [.. kind.Variants.Select(variant => new VariantRun(variant))];

    private Fetched[] _reference = [];

    /// <summary>Sequential comes first in the warm-up and in the first round: it is the baseline.</summary>
    public void Run(CancellationToken cancellationToken)
    {
        view.Begin(kind, (_runs.Count * (options.Rounds + 1)) + kind.NeverBlocks.Count);
        _reference = [.. Enumerable.Range(0, _items).AsParallel().AsOrdered().Select(kind.Expected)];
        foreach (var run in _runs)
        {
            WarmUp(run, cancellationToken);
        }

        foreach (var run in _runs.Where(run => kind.NeverBlocks.Contains(run.Variant)))
        {
            Watch(run, cancellationToken);
        }

        for (var round = 0; round < options.Rounds; round++)
        {
            foreach (var run in Rotated(round))
            {
                MeasureRound(run, round, cancellationToken);
            }
        }
    }

    public ScenarioReport ToReport()
    {
        var baseline = _runs.First(run => run.Variant == Variant.Sequential).MedianSeconds;
        return new ScenarioReport(
            kind.Name,
            _items,
            options.Concurrency,
            [.. _runs.Where(run => run.HasResult).Select(run => run.ToReport(baseline))]);
    }

    private IEnumerable<VariantRun> Rotated(int by) =>
        Enumerable.Range(by, _runs.Count).Select(index => _runs[index % _runs.Count]);

    private void WarmUp(VariantRun run, CancellationToken cancellationToken)
    {
        const string Stage = "warm-up";
        var few = options.Quick || kind.WarmsUpBriefly.Contains(run.Variant);
        view.Running(run.Variant, Stage);
        try
        {
            var items = few ? Math.Min(_items, WarmUpItems) : _items;
            var (measured, _) = Measure(run.Variant, items, static () => { }, cancellationToken);
            view.Finished(run.Variant, Stage, measured.Seconds);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Fail(run, Stage, exception.GetBaseException().Message);
        }
    }

    /// <summary>Not measured, because the detector listens to every await and its cost would be included.</summary>
    private void Watch(VariantRun run, CancellationToken cancellationToken)
    {
        const string Stage = "watched";
        if (run.Error is not null)
        {
            view.Skipped();
            return;
        }

        view.Running(run.Variant, Stage);
        try
        {
            var found = new ConcurrentQueue<BlockingFinding>();
            var detector = BlockingDetector.Start(Strict with { OnBlocking = found.Enqueue });
            double seconds;
            try
            {
                var (measured, _) = Measure(run.Variant, _items, static () => { }, cancellationToken);
                seconds = measured.Seconds;
            }
            finally
            {
                detector.DisposeAsync().AsTask().GetAwaiter().GetResult();
            }

            if (found.TryPeek(out var finding))
            {
                Fail(run, Stage, $"{finding.Kind}: {finding} {finding.StackTrace}");
                return;
            }

            view.Finished(run.Variant, Stage, seconds);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Fail(run, Stage, exception.GetBaseException().Message);
        }
    }

    private void MeasureRound(VariantRun run, int round, CancellationToken cancellationToken)
    {
        if (run.Error is not null || run.LastSeconds > (options.Quick ? QuickRepeatLimit : RepeatLimit))
        {
            view.Skipped();
            return;
        }

        var stage = string.Create(CultureInfo.InvariantCulture, $"round {round + 1}/{options.Rounds}");
        view.Running(run.Variant, stage);
        try
        {
            var (measured, results) = Measure(run.Variant, _items, Quiet.Settle, cancellationToken);
            run.Add(measured);
            if (Difference(results) is { } difference)
            {
                Fail(run, stage, difference);
                return;
            }

            view.Finished(run.Variant, stage, measured.Seconds);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Fail(run, stage, exception.GetBaseException().Message);
        }
    }

    private (Measurement Measured, Fetched[] Results) Measure(
        Variant variant, int items, Action settle, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var client = Clients.Create(server);
        var connections = kind.UsesClient ? Math.Min(items, options.Concurrency) : 0;
        Clients.ConnectAsync(client, connections, cancellationToken).GetAwaiter().GetResult();
        using var scenario = kind.Open(client, [.. Enumerable.Range(0, items).Select(kind.Url)], options.Concurrency);
        settle();
        var measured = Measurement.Of(() => scenario.RunAsync(variant, cancellationToken));
        return (measured, scenario.Results());
    }

    /// <summary>
    /// The reference is the code that generates the content. Sequential is compared with it first, so a wrong baseline
    /// is found. Once the two agree, the other variants can be compared with either.
    /// </summary>
    private string? Difference(Fetched[] results)
    {
        if (results.Length != _reference.Length)
        {
            return string.Create(
                CultureInfo.InvariantCulture, $"{results.Length} results instead of {_reference.Length}");
        }

        var wrong = results.Zip(_reference).FirstOrDefault(pair => pair.First != pair.Second);
        return wrong.Second is null
            ? null
            : $"instead of {wrong.Second.Summary()} there is {wrong.First?.Summary() ?? "nothing"}";
    }

    private void Fail(VariantRun run, string stage, string error)
    {
        run.Error = $"{stage}: {error}";
        view.Failed(run.Variant, stage, error);
    }
}
