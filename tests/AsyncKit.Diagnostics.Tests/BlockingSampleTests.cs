namespace AsyncKit.Diagnostics.Tests;

/// <summary>The sample that blocks on purpose, as a separate process. It exits after the detector has reported.</summary>
public sealed class BlockingSampleTests : IClassFixture<NothingLeftBehind>
{
    [Theory]
    [InlineData("result", "SynchronousWait", "Planted.ReadsResult", "System.Threading.Tasks.Task`1.")]
    [InlineData("wait", "SynchronousWait", "Planted.Waits", "Task.Wait")]
    [InlineData("starve", "PoolStarvation", "Planted.ReadsResult", "known to wait for a task")]
    [InlineData("sleep", "PoolStarvation", "Planted.Sleeps", "queued items")]
    [InlineData("injected", "PoolStarvation", "The runtime added", "Planted.Sleeps")]
    [InlineData("prefix", "SlowPrefix", "Item 1 of a fan-out", "before its first await")]
    public async Task Planted_blocking_is_reported_with_its_method(string planted, string kind, string name, string more)
    {
        using var sample = SampleProcess.Start("BlockingSample", planted);
        var (code, output) = await sample.EndAsync();

        Assert.Equal(0, code);
        Assert.StartsWith(kind + ": ", output, StringComparison.Ordinal);
        Assert.Contains(name, output, StringComparison.Ordinal);
        Assert.Contains(more, output, StringComparison.Ordinal);
    }

    /// <summary>The blocking calls end when the supplier answers, so the order of the two answers is the proof.</summary>
    [Fact]
    public async Task A_ping_waits_for_the_blocking_calls_of_a_web_service_and_not_for_those_on_a_lane()
    {
        var outputs = await new[] { "web", "web-lane" }.FanOutAsync(2, async (mode, _) =>
        {
            using var sample = SampleProcess.Start("BlockingSample", mode);
            var (code, output) = await sample.EndAsync();
            Assert.Equal(0, code);
            return output;
        });

        Assert.Contains("A sample found", outputs[0], StringComparison.Ordinal);
        Assert.Contains("BlockingSample.SlowSupplier.Order", outputs[0], StringComparison.Ordinal);
        Assert.Contains("ms: it was answered after the supplier answered.", outputs[0], StringComparison.Ordinal);
        Assert.DoesNotContain("BlockingSample.SlowSupplier.Order", outputs[1], StringComparison.Ordinal);
        Assert.Contains("ms: it was answered before the supplier answered.", outputs[1], StringComparison.Ordinal);
        Assert.True(Milliseconds(outputs[0]) > Milliseconds(outputs[1]), string.Join('\n', outputs));

        static int Milliseconds(string output)
        {
            const string Ping = "/ping took ";
            var start = output.LastIndexOf(Ping, StringComparison.Ordinal) + Ping.Length;
            return int.Parse(output[start..output.IndexOf(' ', start)], System.Globalization.CultureInfo.InvariantCulture);
        }
    }

    [Fact]
    public async Task A_starvation_is_reported_without_a_method_if_diagnostics_are_disabled()
    {
        using var sample = SampleProcess.Start("BlockingSample", ("DOTNET_EnableDiagnostics", "0"), "sleep");
        var (code, output) = await sample.EndAsync();

        Assert.Equal(0, code);
        Assert.StartsWith("PoolStarvation: ", output, StringComparison.Ordinal);
        Assert.EndsWith("look for sleeps, locks, synchronous I/O and long computations.", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_arguments_the_sample_explains_itself()
    {
        using var sample = SampleProcess.Start("BlockingSample");
        var (code, output) = await sample.EndAsync();

        Assert.Equal(0, code);
        Assert.StartsWith("Blocks on purpose, until the detector", output, StringComparison.Ordinal);
        Assert.Contains("web-lane", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_starvation_leaves_no_file()
    {
        var folder = Directory.CreateTempSubdirectory();
        using var sample = SampleProcess.Start("BlockingSample", ("TMPDIR", folder.FullName), "sleep");
        var (code, _) = await sample.EndAsync();

        Assert.Equal(0, code);
        Assert.Empty(folder.EnumerateFileSystemInfos());
        folder.Delete();
    }

    [Fact]
    public async Task Nothing_is_reported_for_a_fan_out_that_fetches_pages()
    {
        using var sample = SampleProcess.Start("BlockingSample", "clean");
        var (code, output) = await sample.EndAsync();

        Assert.Equal("200 pages of 4000000 characters\n0 findings", output);
        Assert.Equal(0, code);
    }
}
