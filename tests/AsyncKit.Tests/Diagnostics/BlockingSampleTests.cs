using System.Diagnostics;

namespace AsyncKit.Tests;

/// <summary>The sample that blocks on purpose, as a process of its own. It ends when the detector has told.</summary>
public sealed class BlockingSampleTests : IClassFixture<NothingLeftBehind>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("result", "SynchronousWait", "Planted.ReadsResult", "System.Threading.Tasks.Task`1.")]
    [InlineData("wait", "SynchronousWait", "Planted.Waits", "Task.Wait")]
    [InlineData("starve", "PoolStarvation", "Planted.ReadsResult", "known to wait for a task")]
    [InlineData("sleep", "PoolStarvation", "Planted.Sleeps", "items that wait")]
    [InlineData("injected", "PoolStarvation", "The runtime has added", "Planted.Sleeps")]
    [InlineData("prefix", "SlowPrefix", "Item 1 of a fan-out", "before its first await")]
    public async Task What_is_planted_is_found_and_named(string planted, string kind, string name, string more)
    {
        var (code, output) = await RunAsync(planted);

        Assert.Equal(0, code);
        Assert.StartsWith(kind + ": ", output, StringComparison.Ordinal);
        Assert.Contains(name, output, StringComparison.Ordinal);
        Assert.Contains(more, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_found_where_pages_are_fetched_by_a_fan_out()
    {
        var (code, output) = await RunAsync("clean");

        Assert.Equal("200 pages of 4000000 characters\n0 findings", output);
        Assert.Equal(0, code);
    }

    private static async Task<(int Code, string Output)> RunAsync(string argument)
    {
        var host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        var start = new ProcessStartInfo(host) { UseShellExecute = false, RedirectStandardOutput = true };
        start.ArgumentList.Add(SampleProcess.PathOf("BlockingSample"));
        start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        try
        {
            var output = await process.StandardOutput.ReadToEndAsync().WaitAsync(Limit);
            await process.WaitForExitAsync().WaitAsync(Limit);
            return (process.ExitCode, output.ReplaceLineEndings("\n").Trim());
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }
}
