using Spectre.Console;

namespace AsyncKit.Comparison;

/// <summary>Draws a progress bar per scenario. Its text names the current variant and round, and the rest of the
/// run.</summary>
internal sealed class BarView(ProgressContext context) : IRunView
{
    /// <summary>With the bar and the percentage, a line has 80 columns.</summary>
    private const int DescriptionWidth = 52;

    private string _scenario = "";
    private string _left = "";
    private ProgressTask? _bar;

    public void Begin(string scenario, int steps)
    {
        _scenario = scenario;
        _bar = context.AddTask(Markup.Escape(scenario), maxValue: steps);
        Describe("preparing");
    }

    public void Running(string variant, string stage) => Describe($"{stage}, {variant}");

    public void Finished(string variant, string stage, double seconds, TimeSpan? left)
    {
        _left = Units.Left(left);
        Advance();
    }

    public void Failed(string variant, string stage, string error) => Advance();

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
            var room = DescriptionWidth - _left.Length - 1;
            var line = $"{_scenario}: {text}";
            line = line.Length > room ? line[..room] : line.PadRight(room);
            _bar.Description = Markup.Escape($"{line} {_left}");
            context.Refresh();
        }
    }
}
