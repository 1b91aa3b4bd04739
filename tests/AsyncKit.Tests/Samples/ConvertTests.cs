namespace AsyncKit.Tests;

/// <summary>The conversion sample, run as a separate process against a shop that answers at once.</summary>
public sealed class ConvertTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public async Task The_converted_program_reports_the_same_and_runs_more_at_once()
    {
        using var sample = SampleProcess.Start("Convert", "1");
        var (code, output) = await sample.EndAsync();

        Assert.True(code == 0, output);
        Assert.StartsWith("120 products for 7378.80, 120 pictures\n", output, StringComparison.Ordinal);
        Assert.EndsWith("times as fast, the same report", output, StringComparison.Ordinal);
    }
}
