using System.Globalization;
using System.Text.RegularExpressions;

namespace AsyncKit.Tests;

/// <summary>The crawler sample, run as a separate process.</summary>
public sealed class CrawlerTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public async Task Reads_every_page_that_can_be_reached_and_names_the_missing_ones()
    {
        using var crawler = SampleProcess.Start("Crawler");

        var (code, output) = await crawler.EndAsync();

        Assert.Equal(0, code);
        Assert.EndsWith("\n294 read, 6 failed", output, StringComparison.Ordinal);
        var missing = Regex.Matches(
            output, "^/page/(?<n>[0-9]+): .*404", RegexOptions.Multiline | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
        Assert.Equal([50, 100, 150, 200, 250, 300], missing.Select(match => Number(match)).Order());
    }

    [Fact]
    public async Task Stops_after_the_maximum_of_pages_and_leaves_the_rest_in_the_queue()
    {
        using var crawler = SampleProcess.Start("Crawler", "40");

        var (code, output) = await crawler.EndAsync();

        Assert.Equal(0, code);
        var summary = Regex.Match(
            output, "\n40 read, (?<n>[0-9]+) in the queue$", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
        Assert.True(summary.Success, output);
        Assert.InRange(Number(summary), 1, 299);
        Assert.Equal(40, Regex.Count(output, "^Page [0-9]+", RegexOptions.Multiline, TimeSpan.FromSeconds(1)));
    }

    private static int Number(Match match) => int.Parse(match.Groups["n"].Value, CultureInfo.InvariantCulture);
}
