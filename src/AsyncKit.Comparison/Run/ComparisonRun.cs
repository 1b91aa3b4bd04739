namespace AsyncKit.Comparison;

/// <summary>Runs the chosen scenarios one after the other. An interruption keeps the rounds measured before
/// it.</summary>
internal sealed class ComparisonRun(
    Comparison comparison, IReadOnlyList<ScenarioSource> scenarios, RunOptions options, IRunView view)
{
    public ComparisonReport Run(CancellationToken cancellationToken)
    {
        var forecast = new RunForecast(options.Scenarios.Count);
        var begun = new List<ScenarioRun>();
        var isInterrupted = false;
        try
        {
            foreach (var name in options.Scenarios)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var source = scenarios.First(source => string.Equals(source.Name, name, StringComparison.Ordinal));
                begun.Add(new ScenarioRun(source.Define(options.Settings), options, view, forecast));
                begun[^1].Run(cancellationToken);
            }
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // Cancelled requests may throw any exception; the reason is Ctrl-C.
            isInterrupted = true;
        }

        return new ComparisonReport(
            ComparisonReport.CurrentSchema,
            comparison.Title,
            TimeProvider.System.GetUtcNow(),
            Machine.Current(),
            OptionsReport.Of(options, comparison.Command, scenarios.Count),
            [.. begun.Select(scenario => scenario.ToReport()).Where(scenario => scenario.Variants.Count > 0)],
            isInterrupted);
    }
}
