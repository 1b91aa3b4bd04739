namespace PriceApi;

/// <summary>Three backends in this process. The third never answers for the product "slow", and fails for "broken".</summary>
internal sealed class DemoBackends : IAsyncDisposable
{
    private static readonly string[] Names = ["north", "south", "east"];

    private readonly WebApplication _app;

    private DemoBackends(WebApplication app) => _app = app;

    public Backend[] Backends => [.. Names.Zip(_app.Urls, (name, url) => new Backend(name, new Uri(url)))];

    public static async Task<DemoBackends> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        Array.ForEach(Names, _ => app.Urls.Add("http://127.0.0.1:0")); // Each is a host with its own limit.
        app.UseRouting();
        app.MapGet("/price/{product}", async (HttpContext context, string product, CancellationToken cancellationToken) =>
        {
            var isThird = app.Urls.ElementAt(2).EndsWith($":{context.Connection.LocalPort}", StringComparison.Ordinal);
            if (isThird && product is "slow")
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            }

            return isThird && product is "broken" ? Results.StatusCode(500) : Results.Json(9.99m);
        });
        await app.StartAsync();
        return new DemoBackends(app);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
