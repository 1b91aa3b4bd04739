using AsyncKit;
using AsyncKit.Diagnostics;

namespace BlockingSample;

/// <summary>Fetches pages the way it should be done, from a server in this process, while every wait would be told.</summary>
internal static class CleanFetch
{
    private const int Pages = 200;
    private const int AtOnce = 32;

    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(10);

    /// <returns>The exit code: 0 when nothing was found.</returns>
    public static async Task<int> RunAsync(Action<BlockingFinding> tell)
    {
        var count = 0;
        var options = new BlockingDetectorOptions
        {
            WaitThreshold = TimeSpan.Zero,
            PoolLatencyThreshold = Generous, // A busy machine is no finding.
            PrefixThreshold = Generous,
            ReportInterval = TimeSpan.Zero,
            OnBlocking = finding =>
            {
                count++;
                tell(finding);
            },
        };
        await using var server = PageServer.Start();
        using var client = new HttpClient { BaseAddress = server.Address };
        await using (BlockingDetector.Start(options))
        {
            var pages = await Enumerable.Range(0, Pages).FanOutAsync(
                AtOnce, async (page, token) => await client.GetStringAsync($"pages/{page}", token));
            Console.WriteLine($"{pages.Length} pages of {pages.Sum(page => page.Length)} characters");
        }

        Console.WriteLine($"{count} findings");
        return count == 0 ? 0 : 1;
    }
}
