using Spectre.Console;

namespace AsyncKit.Comparison;

/// <summary>Chooses the view of the progress: bars on a terminal, lines in a file or a pipe.</summary>
internal static class RunView
{
    private const int RedirectedWidth = 80;

    public static T Show<T>(Func<IRunView, T> run) =>
        Console.IsOutputRedirected
            ? run(new LineView(Console.Out))
            : Terminal().Progress()
                .AutoRefresh(false)
                .Columns(
                    new TaskDescriptionColumn { Alignment = Justify.Left },
                    new ProgressBarColumn { Width = 18 },
                    new PercentageColumn())
                .Start(context => run(new BarView(context)));

    /// <summary>Creates the terminal for each run, because a test may have replaced Console.Out.</summary>
    public static IAnsiConsole Terminal()
    {
        if (!Console.IsOutputRedirected)
        {
            return AnsiConsole.Create(new AnsiConsoleSettings());
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(Console.Out),
        });
        console.Profile.Width = RedirectedWidth;
        return console;
    }
}
