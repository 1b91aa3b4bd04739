namespace AsyncKit.Benchmarks;

/// <summary>Runs the chosen scenarios one after the other. An interruption keeps the rounds measured before
/// it.</summary>
internal sealed class Comparison(CompareOptions options, Uri server, IRunView view)
{
    public ComparisonReport Run(CancellationToken cancellationToken)
    {
        var begun = new List<ScenarioComparison>();
        var interrupted = false;
        try
        {
            foreach (var kind in options.Scenarios)
            {
                begun.Add(new ScenarioComparison(kind, options, server, view));
                begun[^1].Run(cancellationToken);
            }
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // Cancelled requests may throw any exception; the reason is Ctrl-C.
            interrupted = true;
        }

        return new ComparisonReport(
            ComparisonReport.CurrentSchema,
            DateTimeOffset.UtcNow,
            Machine.Current(),
            OptionsReport.Of(options),
            [.. begun.Select(scenario => scenario.ToReport()).Where(scenario => scenario.Variants.Count > 0)],
            interrupted);
    }
}
