namespace AsyncKit.Comparison;

/// <summary>Prints a line per completed step, at most 80 columns wide.</summary>
internal sealed class LineView(TextWriter output) : IRunView
{
    private const int Width = 80;
    private const int VariantWidth = 30;

    private string _scenario = "";

    public void Begin(string scenario, int steps) => _scenario = scenario;

    public void Running(string variant, string stage)
    {
    }

    public void Finished(string variant, string stage, double seconds, TimeSpan? left) =>
        output.WriteLine(Line(variant, stage, $"{Units.Seconds(seconds),8}  {Units.Left(left)}").TrimEnd());

    public void Failed(string variant, string stage, string error) =>
        output.WriteLine(Line(variant, stage, $"WRONG: {error}"));

    public void Skipped()
    {
    }

    private string Line(string variant, string stage, string rest)
    {
        var name = variant.Length > VariantWidth ? variant[..VariantWidth] : variant;
        var line = $"{_scenario,-10} {stage,-10} {name,-VariantWidth} {rest}".ReplaceLineEndings(" ");
        return line.Length > Width ? line[..Width] : line;
    }
}
