using System.Globalization;

namespace AsyncKit.Comparison;

/// <summary>Measures one scenario in every variant, round after round, and verifies each result.</summary>
internal sealed class ScenarioRun(
    ScenarioDefinition scenario, RunOptions options, IRunView view, RunForecast forecast)
{
    private const int WarmUpItems = 2;

    /// <summary>A variant whose round takes longer is measured once: five such rounds would last too long.</summary>
    private const double RepeatLimit = 20;

    private const double QuickRepeatLimit = 0.5;

    private readonly List<VariantRun> _runs =
        [.. scenario.Variants.Select((variant, index) => new VariantRun(variant, isBaseline: index == 0))];

    /// <summary>The result of the baseline; null before its first round.</summary>
    private ResultReference? _reference;

    /// <summary>The baseline comes first in the warm-up and in the first round.</summary>
    public void Run(CancellationToken cancellationToken)
    {
        var inspected = scenario.Inspect is null ? [] : _runs.Where(run => run.Variant.Notes.IsEmphasized).ToList();
        view.Begin(scenario.Name, (_runs.Count * (options.Rounds + 1)) + inspected.Count);
        forecast.Begin();
        scenario.SetUp?.Invoke(cancellationToken).GetAwaiter().GetResult();
        try
        {
            _runs.ForEach(run => Step(run, "warm-up", () => WarmUp(run, cancellationToken), cancellationToken));
            inspected.ForEach(run => Step(run, "inspection", () => Inspect(run, cancellationToken), cancellationToken));
            for (var round = 0; round < options.Rounds; round++)
            {
                var stage = string.Create(CultureInfo.InvariantCulture, $"round {round + 1}/{options.Rounds}");
                foreach (var run in Rotated(round))
                {
                    Step(run, stage, () => MeasureRound(run, cancellationToken), cancellationToken);
                }
            }
        }
        finally
        {
            scenario.TearDown?.Invoke().GetAwaiter().GetResult();
        }

        forecast.End();
    }

    public ScenarioReport ToReport()
    {
        var baseline = scenario.IsRanked ? _runs[0].MedianSeconds : null;
        return ScenarioReport.Of(
            scenario, [.. _runs.Where(run => run.HasResult).Select(run => run.ToReport(baseline, scenario))]);
    }

    private IEnumerable<VariantRun> Rotated(int by) =>
        Enumerable.Range(by, _runs.Count).Select(index => _runs[index % _runs.Count]);

    /// <summary>Runs a step of a variant; a failure of the variant ends the variant only.</summary>
    private void Step(VariantRun run, string stage, Func<double?> step, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (run.Error is not null)
        {
            view.Skipped();
            return;
        }

        view.Running(run.Variant.Name, stage);
        double? seconds = null;
        try
        {
            seconds = step();
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            run.Error = $"threw {exception.GetBaseException().GetType().Name}: {exception.GetBaseException().Message}";
        }

        if (run.Error is not null)
        {
            view.Failed(run.Variant.Name, stage, run.Error);
        }
        else if (seconds is { } measured)
        {
            view.Finished(run.Variant.Name, stage, measured, forecast.Left(StepsLeft()));
        }
        else
        {
            view.Skipped();
        }
    }

    private IEnumerable<double?> StepsLeft() =>
        from run in _runs
        where run.Error is null
        let rounds = IsTooSlow(run) ? 0 : options.Rounds - run.Rounds - run.SkippedRounds
        from _ in Enumerable.Range(0, Math.Max(0, rounds))
        select run.LastSeconds;

    /// <summary>The baseline is often slow and needs no full warm-up: it runs the same code for every item.</summary>
    private double? WarmUp(VariantRun run, CancellationToken cancellationToken)
    {
        var isBrief = options.Settings.IsQuick || run.IsBaseline;
        var items = isBrief ? Math.Min(scenario.ItemCount, WarmUpItems) : scenario.ItemCount;
        var seconds = MeasureUnsettled(run, items, cancellationToken);
        run.LastSeconds = items == scenario.ItemCount ? seconds : null; // Two items say nothing about many.
        return seconds;
    }

    private double? Inspect(VariantRun run, CancellationToken cancellationToken)
    {
        var seconds = 0.0;
        run.Error = scenario.Inspect!(
            token =>
            {
                seconds = MeasureUnsettled(run, scenario.ItemCount, token);
                return Task.CompletedTask;
            },
            cancellationToken).GetAwaiter().GetResult();
        return seconds;
    }

    private double? MeasureRound(VariantRun run, CancellationToken cancellationToken)
    {
        if (run.Rounds > 0 && IsTooSlow(run))
        {
            run.SkippedRounds++;
            return null;
        }

        // Without a baseline to compare with, a result proves nothing.
        if (scenario.IsRanked && !run.IsBaseline && _runs[0].Error is not null)
        {
            run.Error = "not verified, because the baseline is wrong";
            return null;
        }

        return Measure(
            run,
            scenario.ItemCount,
            Quiet.Settle,
            (measured, result) =>
            {
                run.Add(measured, scenario);
                run.Error = Fault(run, result);
            },
            cancellationToken);
    }

    private bool IsTooSlow(VariantRun run) =>
        run.Rounds > 0 && run.LastSeconds > (options.Settings.IsQuick ? QuickRepeatLimit : RepeatLimit);

    /// <summary>Runs a round. The last delegate reads the metrics and verifies the result, before the round is cleaned
    /// up.</summary>
    private double Measure(
        VariantRun run,
        int items,
        Action settle,
        Action<Measurement, object?> examine,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            scenario.BeforeRound?.Invoke(items, cancellationToken).GetAwaiter().GetResult();
            scenario.Times.Reset(items);
            settle();
            var (measured, result) = Measurement.Of(() => run.Variant.RunAsync(items, cancellationToken));
            examine(measured, result);
            return measured.Seconds;
        }
        finally
        {
            scenario.AfterRound?.Invoke().GetAwaiter().GetResult();
        }
    }

    private double MeasureUnsettled(VariantRun run, int items, CancellationToken cancellationToken) =>
        Measure(run, items, static () => { }, static (_, _) => { }, cancellationToken);

    private string? Fault(VariantRun run, object? result)
    {
        if (scenario.Verify?.Invoke(scenario.ItemCount, result) is { } fault)
        {
            return fault;
        }

        if (!scenario.IsRanked || !_runs[0].Variant.HasResult)
        {
            return null;
        }

        if (!run.Variant.HasResult)
        {
            return "there is no result to compare with that of the baseline";
        }

        _reference ??= new ResultReference(result, scenario.AreSame ?? Equals);
        return _reference.DifferenceOf(result);
    }
}
