namespace AsyncKit.Benchmarks;

/// <summary>A line for every round that has ended.</summary>
internal sealed class LineView(TextWriter output) : IRunView
{
    private string _scenario = "";

    public void Begin(ScenarioKind scenario, int steps) => _scenario = scenario.Name;

    public void Running(Variant variant, string stage)
    {
    }

    public void Finished(Variant variant, string stage, double seconds) =>
        output.WriteLine($"{_scenario}  {variant.Name()}  {stage}  {Units.Seconds(seconds)}");

    public void Failed(Variant variant, string stage, string error) =>
        output.WriteLine($"{_scenario}  {variant.Name()}  {stage}  FAILED: {error}");

    public void Skipped()
    {
    }
}
