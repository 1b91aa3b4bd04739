using System.Diagnostics;

namespace AsyncKit.Tests;

/// <summary>A sample of the documentation as a process of its own, killed at the end of the test if it still runs.</summary>
internal sealed class SampleProcess : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly Process _process;

    private SampleProcess(Process process) => _process = process;

    /// <summary>From .../tests/AsyncKit.Tests/bin/(configuration)/(framework)/ to docs/samples/(sample)/bin/ and the same
    /// again.</summary>
    public static string PathOf(string sample)
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        var root = output.Parent!.Parent!.Parent!.Parent!.Parent!.FullName;
        return Path.Combine(
            root, "docs", "samples", sample, "bin", output.Parent.Name, output.Name, $"{sample}.dll");
    }

    public static SampleProcess Start(string sample, params string[] arguments) => Start(sample, null, arguments);

    public static SampleProcess Start(
        string sample, (string Name, string Value)? variable, params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        start.ArgumentList.Add(PathOf(sample));
        Array.ForEach(arguments, start.ArgumentList.Add);
        if (variable is { } set)
        {
            start.Environment[set.Name] = set.Value;
        }

        return new SampleProcess(Process.Start(start)!);
    }

    /// <summary>The first line that fits, of those not read yet.</summary>
    public async Task<string> LineAsync(Func<string, bool> fits)
    {
        while (await _process.StandardOutput.ReadLineAsync().WaitAsync(Limit) is { } line)
        {
            if (fits(line))
            {
                return line;
            }
        }

        throw new InvalidOperationException("The sample has ended without such a line.");
    }

    public void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>The exit code, and what has not been read yet.</summary>
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
}
