using System.CommandLine;
using System.CommandLine.Help;

namespace AsyncKit.Benchmarks;

/// <summary>The command line of the comparison. Reports wrong options, or runs the comparison and returns the exit
/// code.</summary>
internal static class CompareCommand
{
    private const int WrongUsage = 2;

    public static int Run(string[] args)
    {
        var arguments = new CompareArguments();
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
            return parsed.Invoke();
        }

        var options = arguments.Read(parsed);
        if (OutputFolder.Problem(options.Out) is { } problem)
        {
            Console.Error.WriteLine(problem);
            return WrongUsage;
        }

        return CompareProgram.Run(options);
    }
}
