using System.Globalization;
using System.Runtime.InteropServices;
using AsyncKit;
using Scraper;

// Reads 1,000 pages of a built-in server, 16 at once, and writes a report with the outcome of each page. Ctrl-C cancels
// the requests in flight. The report then lists which pages are done, failed, cancelled or not started.
//   dotnet run --project docs/samples/Scraper -- [report file] [delay of each page in ms]
const int Pages = 1_000;
const int ExitCodeOfCtrlC = 130;
var file = args.Length > 0 ? args[0] : "scrape.md";
var delay = TimeSpan.FromMilliseconds(args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 50);

using var stop = new CancellationTokenSource();
using var ctrlC = PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
{
    context.Cancel = true; // The process writes its report and then exits.
    stop.Cancel();
});

await using var site = await Site.StartAsync(delay);
using var http = new HttpClient { BaseAddress = site.Address };
var options = new FanOutOptions
{
    MaxConcurrency = 16,
    ItemTimeout = TimeSpan.FromSeconds(30),
    Retry = new RetryOptions { MaxAttempts = 3, Backoff = Backoff.Exponential(delay, TimeSpan.FromSeconds(1)) },
    Progress = new ProgressBar(),
    Name = "scrape",
};

var report = await Enumerable.Range(1, Pages).ToArray().FanOutReportAsync(options, async (page, cancellationToken) =>
{
    var html = await http.GetStringAsync($"/page/{page}", cancellationToken);
    return Site.TitleOf(html);
}, stop.Token);

await File.WriteAllTextAsync(file, ScrapeReport.Of(report), CancellationToken.None);
Console.WriteLine();
Console.WriteLine(ScrapeReport.Summary(report));
return report.IsCancelled ? ExitCodeOfCtrlC : 0;
