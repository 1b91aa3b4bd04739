using System.Diagnostics;
using System.Globalization;
using Prices;

// Runs the program before and after its conversion, each against a shop on this machine, and compares the reports.
// The argument is the time in milliseconds that the shop takes to answer.
var latency = TimeSpan.FromMilliseconds(args is [var text] ? int.Parse(text, CultureInfo.InvariantCulture) : 25);
await MeasureAsync(BeforeAsync, TimeSpan.Zero); // The first runs compile.
await MeasureAsync(AfterAsync, TimeSpan.Zero);
var before = await MeasureAsync(BeforeAsync, latency);
var after = await MeasureAsync(AfterAsync, latency);
var isSame = string.Equals(before.Report, after.Report, StringComparison.Ordinal);

Console.WriteLine(before.Report.Split('\n')[^1]);
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"before: {before.Time.TotalMilliseconds,5:F0} ms, at most {before.Peak} requests at once"));
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"after:  {after.Time.TotalMilliseconds,5:F0} ms, at most {after.Peak} requests at once"));
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{before.Time / after.Time:F1} times as fast, {(isSame ? "the same report" : "another report")}"));
return isSame ? 0 : 1;

static Task<string> BeforeAsync(HttpClient client, Uri shop, string folder) =>
    new Prices.Before.PriceScraper(client, shop, folder).RunAsync(CancellationToken.None);

static Task<string> AfterAsync(HttpClient client, Uri shop, string folder) =>
    new Prices.After.PriceScraper(client, shop, folder).RunAsync(CancellationToken.None);

static async Task<(string Report, TimeSpan Time, int Peak)> MeasureAsync(
    Func<HttpClient, Uri, string, Task<string>> runAsync, TimeSpan latency)
{
    await using var shop = await Shop.StartAsync(latency);
    using var client = new HttpClient();
    var folder = Directory.CreateTempSubdirectory("asynckit-convert-");
    try
    {
        var watch = Stopwatch.StartNew();
        var report = await runAsync(client, shop.Address, folder.FullName);
        return (report, watch.Elapsed, shop.Peak);
    }
    finally
    {
        folder.Delete(recursive: true);
    }
}
