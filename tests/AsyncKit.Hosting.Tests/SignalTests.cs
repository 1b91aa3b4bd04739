namespace AsyncKit.Hosting.Tests;

/// <summary>A GracefulShutdown inside a host, in a process that gets signals.</summary>
public sealed class SignalTests : IClassFixture<NothingLeftBehind>
{
    private const string Draining = "draining";

    [Fact]
    public async Task The_host_alone_handles_signals_if_the_shutdown_inside_has_none()
    {
        using var process = await StartAsync("host");

        process.Signal("TERM");
        await process.LineAsync(line => line is Draining);
        process.Signal("TERM"); // The host ignores a second signal, and the shutdown has none.
        process.Signal("CONT");
        var (code, output) = await process.EndAsync();

        Assert.Equal((0, "drained\nexit code 0\nhost stopped"), (code, output));
    }

    [Fact]
    public async Task The_shutdown_and_the_host_both_handle_signals_with_default_options()
    {
        using var process = await StartAsync("both");

        process.Signal("TERM");
        await process.LineAsync(line => line is Draining);
        process.Signal("TERM"); // The shutdown ends the process.
        var (code, output) = await process.EndAsync();

        Assert.Equal(143, code);
        Assert.DoesNotContain("drained", output, StringComparison.Ordinal);
        Assert.DoesNotContain("host stopped", output, StringComparison.Ordinal);
    }

    private static async Task<SampleProcess> StartAsync(string mode)
    {
        var process = SampleProcess.StartAssembly(typeof(HostProgram).Assembly.Location, null, mode);
        await process.LineAsync(line => line is "working");
        return process;
    }
}
