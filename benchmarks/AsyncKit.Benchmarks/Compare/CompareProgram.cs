using Spectre.Console;

namespace AsyncKit.Benchmarks;

/// <summary>Runs the comparison, from the start of the server to the exit code.</summary>
internal static class CompareProgram
{
    private const int Success = 0;
    private const int Failure = 1;
    private const int Interrupted = 130;

    public static int Run(CompareOptions options)
    {
        using var interrupt = new Interrupt();
        ComparisonReport report;
        try
        {
            using var server = LoopbackServer.Start(new Pacing(options.LatencyMs));
            report = RunView.Show(view => new Comparison(options, server.Address, view).Run(interrupt.Token));
        }
        catch (InvalidOperationException exception)
        {
            Console.Error.WriteLine(exception.Message);
            return Failure;
        }

        ScreenReport.Write(report, Console.IsOutputRedirected ? Plain() : AnsiConsole.Console);
        WriteFiles(report, options.Out);
        return report.Interrupted ? Interrupted : report.AllVerified ? Success : Failure;
    }

    private static IAnsiConsole Plain() => AnsiConsole.Create(new AnsiConsoleSettings
    {
        Ansi = AnsiSupport.No,
        ColorSystem = ColorSystemSupport.NoColors,
        Interactive = InteractionSupport.No,
    });

    private static void WriteFiles(ComparisonReport report, string folder)
    {
        (string Name, string Content)[] files =
        [
            ("results.json", JsonReport.Create(report)),
            ("report.md", MarkdownReport.Create(report)),
            ("report.html", HtmlReport.Create(report)),
        ];
        foreach (var (name, content) in files)
        {
            var path = Path.GetFullPath(Path.Combine(folder, name));
            File.WriteAllText(path, content);
            Console.WriteLine(path);
        }
    }
}
