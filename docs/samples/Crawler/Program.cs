using System.Globalization;
using System.Threading.RateLimiting;
using AsyncKit;
using Crawler;

// Crawls a built-in site of 300 pages on three hosts: 16 pages at once, at most 4 per host, at the rate of each host. It
// ends by itself when every page that can be reached was read. With a maximum it stops after that many pages.
//   dotnet run --project docs/samples/Crawler -- [maximum of pages]
int? maximum = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : null;

await using var site = await Site.StartAsync();
using var http = new HttpClient();
var pages = new FanOutQueue<Uri>([site.Start], new() { Distinct = EqualityComparer<Uri>.Default });
var options = new FanOutOptions
{
    MaxConcurrency = 16,
    OnFailure = FailureMode.RunToEnd, // A missing page must not stop the others.
    Retry = new RetryOptions { MaxAttempts = 3, Backoff = Backoff.Constant(TimeSpan.FromMilliseconds(20)) },
    Partition = FanOutPartition.By((Uri page) => page.Authority, maxPerKey: 4, startRate: _ => NewRate()),
    Progress = new ProgressLine(),
};

if (maximum is { } most)
{
    var read = 0;
    await foreach (var title in pages.FanOutStream(options, CrawlAsync))
    {
        Console.WriteLine(title);
        if (++read == most)
        {
            break; // Cancels the requests in flight. The other pages stay in the queue.
        }
    }

    Console.WriteLine($"{read} read, {pages.Count} in the queue");
    return;
}

var report = await pages.FanOutReportAsync(options, CrawlAsync);
foreach (var failure in report.Failures)
{
    Console.WriteLine($"{failure.Item.AbsolutePath}: {failure.Exception!.Message}");
}

Console.WriteLine($"{report.SucceededCount} read, {report.FailedCount} failed");

async Task<string> CrawlAsync(Uri page, CancellationToken cancellationToken)
{
    var html = await http.GetStringAsync(page, cancellationToken);
    foreach (var link in Site.LinksOf(html))
    {
        pages.Add(new Uri(page, link));
    }

    return Site.TitleOf(html);
}

static RateLimiter NewRate() => new TokenBucketRateLimiter(new TokenBucketRateLimiterOptions
{
    TokenLimit = 20,
    TokensPerPeriod = 20,
    ReplenishmentPeriod = TimeSpan.FromMilliseconds(50),
    QueueLimit = 1, // The next page of a host waits in the limiter, without polling.
});
