using System.Diagnostics;

namespace AsyncKit.Tests;

/// <summary>Runs a script of the folder .ci, which starts and kills a server.</summary>
internal static class CiScript
{
    /// <returns>What it printed. A script that fails fails the test.</returns>
    public static async Task<string> RunAsync(
        string script, string[] arguments, params (string Name, string Value)[] variables)
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        var root = output.Parent!.Parent!.Parent!.Parent!.Parent!.FullName;
        var start = new ProcessStartInfo(Path.Combine(root, ".ci", script))
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Array.ForEach(arguments, start.ArgumentList.Add);
        Array.ForEach(variables, one => start.Environment[one.Name] = one.Value);
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{script} {arguments[0]} failed: {await error}");
        return text.Trim();
    }
}
