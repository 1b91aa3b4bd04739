using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace AsyncKit.Tests;

/// <summary>A sample of the documentation that runs as a separate process. Disposing it kills the process.</summary>
internal sealed class SampleProcess : IDisposable
{
    private const int Interrupt = 2; // SIGINT.
    private const nint Default = 0; // SIG_DFL.
    private const nint Ignore = 1; // SIG_IGN.

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly Lock Starting = new();

    private readonly Process _process;

    private SampleProcess(Process process) => _process = process;

    /// <summary>Maps .../tests/(project)/bin/(configuration)/(framework)/ to the output folder of the sample.</summary>
    public static string PathOf(string sample)
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        var root = output.Parent!.Parent!.Parent!.Parent!.Parent!.FullName;
        return Path.Combine(
            root, "docs", "samples", sample, "bin", output.Parent.Name, output.Name, $"{sample}.dll");
    }

    public static SampleProcess Start(string sample, params string[] arguments) => Start(sample, null, arguments);

    /// <summary>Starts the sample with the default action for SIGINT, even if this process ignores the signal.</summary>
    /// <param name="variable">An environment variable to set, or null.</param>
    public static SampleProcess Start(
        string sample, (string Name, string Value)? variable, params string[] arguments) =>
        StartAssembly(PathOf(sample), variable, arguments);

    /// <summary>Starts the entry point of a test assembly in the same way.</summary>
    public static SampleProcess StartAssembly(
        string path, (string Name, string Value)? variable, params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        start.ArgumentList.Add(path);
        Array.ForEach(arguments, start.ArgumentList.Add);
        if (variable is { } set)
        {
            start.Environment[set.Name] = set.Value;
        }

        return new SampleProcess(StartWithDefaultInterrupt(start));
    }

    /// <summary>Runs a function as under nohup or in the background of a script, where SIGINT is ignored.</summary>
    public static T WhileInterruptIsIgnored<T>(Func<T> function)
    {
        lock (Starting)
        {
            var previous = SetAction(Interrupt, Ignore);
            try
            {
                return function();
            }
            finally
            {
                SetAction(Interrupt, previous);
            }
        }
    }

    /// <summary>Returns the first unread line that matches.</summary>
    public async Task<string> LineAsync(Func<string, bool> matches)
    {
        while (await _process.StandardOutput.ReadLineAsync().WaitAsync(Limit) is { } line)
        {
            if (matches(line))
            {
                return line;
            }
        }

        throw new InvalidOperationException("The sample exited without such a line.");
    }

    public void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>Waits for the exit and returns its code and the output that was not read before.</summary>
    public async Task<(int Code, string Output)> EndAsync()
    {
        var output = await _process.StandardOutput.ReadToEndAsync().WaitAsync(Limit);
        await _process.WaitForExitAsync().WaitAsync(Limit);
        return (_process.ExitCode, output.ReplaceLineEndings("\n").Trim());
    }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    /// <summary>A child inherits an ignored SIGINT, and .NET then raises no CancelKeyPress in it.</summary>
    private static Process StartWithDefaultInterrupt(ProcessStartInfo start)
    {
        if (OperatingSystem.IsWindows())
        {
            return Process.Start(start)!;
        }

        lock (Starting)
        {
            var previous = SetAction(Interrupt, Default);
            try
            {
                return Process.Start(start)!;
            }
            finally
            {
                SetAction(Interrupt, previous);
            }
        }
    }

    [DllImport("libc", EntryPoint = "signal")]
    private static extern nint SetAction(int signal, nint action);
}
