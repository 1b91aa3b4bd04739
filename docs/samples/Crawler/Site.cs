using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Crawler;

/// <summary>A site whose pages link to each other across three hosts on loopback addresses. Every fiftieth page is
/// missing. The first request for every tenth page fails.</summary>
internal sealed partial class Site : IAsyncDisposable
{
    private const int Pages = 300;
    private const int Hosts = 3;

    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<int, bool> _requested = new();

    private Site(WebApplication app) => _app = app;

    public Uri Start => AddressOf(1);

    public static async Task<Site> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            for (var host = 0; host < Hosts; host++)
            {
                kestrel.Listen(IPAddress.Loopback, port: 0);
            }
        });
        var app = builder.Build();
        var site = new Site(app);
        app.MapGet("/page/{number:int}", site.Page);
        await app.StartAsync();
        return site;
    }

    public static IEnumerable<string> LinksOf(string html) =>
        Link().Matches(html).Select(link => link.Groups["url"].Value);

    public static string TitleOf(string html)
    {
        var start = html.IndexOf("<title>", StringComparison.Ordinal) + "<title>".Length;
        return html[start..html.IndexOf("</title>", start, StringComparison.Ordinal)];
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [GeneratedRegex("href=\"(?<url>[^\"]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Link();

    private IResult Page(int number)
    {
        if (number is < 1 or > Pages || number % 50 == 0)
        {
            return Results.NotFound();
        }

        if (number % 10 == 0 && _requested.TryAdd(number, true))
        {
            return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
        }

        // A missing page hides no other, because each page is linked from several.
        int[] next = [number + 1, number + 2, 2 * number, (2 * number) + 1];
        var links = next.Where(other => other <= Pages).Select(other => $"<a href=\"{AddressOf(other)}\">{other}</a>");
        return Results.Content(
            string.Create(CultureInfo.InvariantCulture, $"<html><title>Page {number}</title>{string.Concat(links)}</html>"),
            "text/html");
    }

    private Uri AddressOf(int number)
    {
        var hosts = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        return new Uri(new Uri(hosts.ElementAt(number % hosts.Count)), $"/page/{number}");
    }
}
