using Spectre.Console;

namespace AsyncKit.Benchmarks;

/// <summary>Draws a progress bar per scenario. Its text names the current variant and round.</summary>
internal sealed class BarView(ProgressContext context) : IRunView
{
    private const int DescriptionWidth = 46;

    private ScenarioKind? _scenario;
    private ProgressTask? _bar;

    public void Begin(ScenarioKind scenario, int steps)
    {
        _scenario = scenario;
        _bar = context.AddTask(Markup.Escape(scenario.Name), maxValue: steps);
        Describe("preparing");
    }

    public void Running(Variant variant, string stage) => Describe($"{variant.Name()}, {stage}");

    public void Finished(Variant variant, string stage, double seconds) => Advance();

    public void Failed(Variant variant, string stage, string error) => Advance();

    public void Skipped() => Advance();

    private void Advance()
    {
        _bar?.Increment(1);
        if (_bar is { IsFinished: true })
        {
            Describe("done");
        }
    }

    private void Describe(string text)
    {
        if (_bar is not null)
        {
            // A fixed width keeps the bar from jumping.
            _bar.Description = Markup.Escape($"{_scenario?.Name}: {text}".PadRight(DescriptionWidth));
            context.Refresh();
        }
    }
}
