using AsyncKit;
using AsyncKit.Diagnostics;

namespace BlockingSample;

/// <summary>Fetches pages correctly, from a server in this process, under a detector that reports every wait.</summary>
internal static class CleanFetch
{
    private const int Pages = 200;
    private const int AtOnce = 32;

    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(10);

    /// <returns>The exit code: 0 if nothing was found.</returns>
    public static async Task<int> RunAsync(Action<BlockingFinding> report)
    {
        var count = 0;
        var options = new BlockingDetectorOptions
        {
            WaitThreshold = TimeSpan.Zero,
            PoolLatencyThreshold = Generous, // A busy machine does not count.
            PrefixThreshold = Generous,
            ReportInterval = TimeSpan.Zero,
            OnBlocking = finding =>
            {
                count++;
                report(finding);
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
