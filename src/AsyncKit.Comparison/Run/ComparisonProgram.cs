using System.CommandLine.Help;
using Spectre.Console;

namespace AsyncKit.Comparison;

/// <summary>Runs a comparison, from the command line to the exit code.</summary>
internal static class ComparisonProgram
{
    private const int Success = 0;
    private const int Failure = 1;
    private const int WrongUsage = 2;
    private const int Interrupted = 130;

    public static int Run(
        Comparison comparison,
        IReadOnlyList<ScenarioSource> scenarios,
        IReadOnlyList<string> args,
        CancellationToken cancellationToken)
    {
        var arguments = new ComparisonArguments(comparison.Title, [.. scenarios.Select(scenario => scenario.Name)]);
        var parsed = arguments.Command.Parse(args);
        if (parsed.Errors.Count > 0 && parsed.Action is not HelpAction)
        {
            foreach (var error in parsed.Errors)
            {
                Console.Error.WriteLine(error.Message);
            }

            Console.Error.WriteLine("Try --help.");
            return WrongUsage;
        }

        // The command defines no action, so an action comes from --help or --version.
        if (parsed.Action is not null)
        {
            return parsed.Invoke(new() { Output = Console.Out, Error = Console.Error });
        }

        var options = arguments.Read(parsed);
        if (OutputFolder.Problem(options.Out) is { } problem)
        {
            Console.Error.WriteLine(problem);
            return WrongUsage;
        }

        using var interrupt = new Interrupt(cancellationToken);
        var report = RunView.Show(view => new ComparisonRun(comparison, scenarios, options, view).Run(interrupt.Token));
        ScreenReport.Write(report, RunView.Terminal());
        WriteFiles(report, options.Out);
        return report.Interrupted ? Interrupted : report.AllVerified ? Success : Failure;
    }

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
