using System.Globalization;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Scraper;

/// <summary>A server with the pages to read, on a loopback address. Every hundredth page is missing. The first request
/// for every tenth page fails.</summary>
internal sealed class Site : IAsyncDisposable
{
    private readonly WebApplication _app;

    private Site(WebApplication app) => _app = app;

    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features
        .Get<IServerAddressesFeature>()!.Addresses.First());

    public static async Task<Site> StartAsync(TimeSpan delay)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var wasRequested = new bool[2_000];
        app.MapGet("/page/{number:int}", async (int number, CancellationToken cancellationToken) =>
        {
            await Task.Delay(delay, cancellationToken);
            var isFirst = !wasRequested[number];
            wasRequested[number] = true;
            return number switch
            {
                _ when number % 100 == 0 => Results.NotFound(),
                _ when number % 10 == 0 && isFirst => Results.StatusCode(StatusCodes.Status503ServiceUnavailable),
                _ => Results.Content(
                    string.Create(CultureInfo.InvariantCulture, $"<html><title>Page {number}</title></html>"), "text/html"),
            };
        });
        await app.StartAsync();
        return new Site(app);
    }

    public static string TitleOf(string html)
    {
        var start = html.IndexOf("<title>", StringComparison.Ordinal) + "<title>".Length;
        return html[start..html.IndexOf("</title>", start, StringComparison.Ordinal)];
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
