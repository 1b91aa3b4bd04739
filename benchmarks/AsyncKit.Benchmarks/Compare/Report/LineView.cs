namespace AsyncKit.Benchmarks;

/// <summary>Prints a line per completed round.</summary>
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
