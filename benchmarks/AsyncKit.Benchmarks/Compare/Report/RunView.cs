using Spectre.Console;

namespace AsyncKit.Benchmarks;

/// <summary>Chooses the view of the progress: bars on a terminal, lines in a file or a pipe.</summary>
internal static class RunView
{
    public static T Show<T>(Func<IRunView, T> run) =>
        Console.IsOutputRedirected
            ? run(new LineView(Console.Out))
            : AnsiConsole.Progress()
                .AutoRefresh(false)
                .Columns(
                    new TaskDescriptionColumn { Alignment = Justify.Left },
                    new ProgressBarColumn(),
                    new PercentageColumn())
                .Start(context => run(new BarView(context)));
}
