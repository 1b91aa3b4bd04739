using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Prices;

/// <summary>A shop on this machine that answers each request after a delay. The first request for every fortieth price
/// fails.</summary>
internal sealed class Shop : IAsyncDisposable
{
    private const int ProductsPerPage = 3;

    private readonly WebApplication _app;
    private readonly TimeSpan _latency;
    private readonly ConcurrentDictionary<int, bool> _requested = new();
    private int _active;
    private int _peak;

    private Shop(WebApplication app, TimeSpan latency) => (_app, _latency) = (app, latency);

    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    /// <summary>The highest number of requests that were in progress at once.</summary>
    public int Peak => _peak;

    public static async Task<Shop> StartAsync(TimeSpan latency)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port: 0));
        var app = builder.Build();
        var shop = new Shop(app, latency);
        app.Use(shop.DelayAsync);
        app.MapGet("/catalog/{page:int}", (int page) =>
            string.Join('\n', Enumerable.Range(((page - 1) * ProductsPerPage) + 1, ProductsPerPage)));
        app.MapGet("/price/{product:int}", shop.Price);
        app.MapGet("/stock/{product:int}", (int product) => $"{product % 7}");
        app.MapGet("/rating/{product:int}", (int product) => $"{product % 5}");
        app.MapGet("/picture/{product:int}", (int product) => Results.Bytes(new byte[1000 + product]));
        await app.StartAsync();
        return shop;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task DelayAsync(HttpContext context, RequestDelegate next)
    {
        var active = Interlocked.Increment(ref _active);
        for (var peak = _peak; active > peak; peak = _peak)
        {
            Interlocked.CompareExchange(ref _peak, active, peak);
        }

        await Task.Delay(_latency, context.RequestAborted);
        Interlocked.Decrement(ref _active);
        await next(context);
    }

    private IResult Price(int product) => product % 40 == 0 && _requested.TryAdd(product, true)
        ? Results.StatusCode(StatusCodes.Status503ServiceUnavailable)
        : Results.Text($"{product}.99");
}
