using System.Globalization;
using System.Text.RegularExpressions;

namespace AsyncKit.Tests;

/// <summary>The scraper sample, run as a separate process.</summary>
public sealed partial class ScraperTests : IClassFixture<NothingLeftBehind>, IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    [Fact]
    public async Task Reads_all_pages_retries_transient_failures_and_reports_the_rest()
    {
        using var scraper = SampleProcess.Start("Scraper", _file, "1");

        var (code, output) = await scraper.EndAsync();

        Assert.Equal(0, code);
        Assert.EndsWith("990 done, 10 failed, 0 cancelled, 0 not started", output, StringComparison.Ordinal);
        var report = await File.ReadAllTextAsync(_file);
        Assert.Contains("\n## Succeeded: 990\n", report, StringComparison.Ordinal);
        Assert.Contains("\n- 10: Page 10\n", report, StringComparison.Ordinal);
        Assert.Matches(@"\n- 100: .*404.*\(1 attempts\)\n", report);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stops_on_Ctrl_C_and_writes_the_report(bool isInterruptIgnored)
    {
        using var scraper = isInterruptIgnored
            ? SampleProcess.WhileInterruptIsIgnored(Start)
            : Start();
        await scraper.LineAsync(line => Progress().Match(line) is { Success: true } match && Number(match, 0) > 0);
        scraper.Signal("INT");

        var (code, output) = await scraper.EndAsync();

        Assert.Equal(130, code);
        var summary = Summary().Match(output);
        Assert.True(summary.Success, output);
        var numbers = Enumerable.Range(0, 4).Select(group => Number(summary, group)).ToArray();
        Assert.Equal(1_000, numbers.Sum());
        Assert.True(numbers[0] > 0 && numbers[3] > 0, output);
        var report = await File.ReadAllTextAsync(_file);
        Assert.Contains(summary.Value, report, StringComparison.Ordinal);
        Assert.Contains(
            string.Create(CultureInfo.InvariantCulture, $"\n## NotStarted: {numbers[3]}\n"), report, StringComparison.Ordinal);
    }

    public void Dispose() => File.Delete(_file);

    private SampleProcess Start() => SampleProcess.Start("Scraper", _file, "200"); // Takes at least twelve seconds.

    private static int Number(Match match, int group) => int.Parse(
        match.Groups[string.Create(CultureInfo.InvariantCulture, $"n{group}")].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\] (?<n0>\d+) of 1000", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Progress();

    [GeneratedRegex(
        @"(?<n0>\d+) done, (?<n1>\d+) failed, (?<n2>\d+) cancelled, (?<n3>\d+) not started, stopped by Ctrl-C",
        RegexOptions.ExplicitCapture,
        1000)]
    private static partial Regex Summary();
}
