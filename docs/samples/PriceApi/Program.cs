// Asks three backends for a price at once. A backend that fails or hangs costs one price, and the answer says which. Without
// Backends in the configuration it starts three for a demonstration; the third hangs for the product "slow". Try it:
//   dotnet run --project docs/samples/PriceApi
//   curl http://127.0.0.1:5000/prices/book
//   curl http://127.0.0.1:5000/prices/slow
using AsyncKit;
using AsyncKit.Hosting;
using AsyncKit.Http;
using PriceApi;

var builder = WebApplication.CreateBuilder(
    new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
var backends = builder.Configuration.GetSection("Backends").GetChildren()
    .Select(one => new Backend(one.Key, new Uri(one.Value!))).ToArray();
await using var demo = backends.Length == 0 ? await DemoBackends.StartAsync() : null;
backends = demo?.Backends ?? backends;
builder.Services.AddHttpClient("prices").AddAsyncKit(builder.Configuration.GetSection("Http:prices"));
builder.Services.AddHealthChecks().AddThreadPool();

var app = builder.Build();
app.MapHealthChecks("/health");
app.MapGet("/prices/{product}", async (string product, IHttpClientFactory clients, CancellationToken cancellationToken) =>
{
    var client = clients.CreateClient("prices");
    var options = new FanOutOptions(backends.Length) { Name = "prices", ItemTimeout = TimeSpan.FromSeconds(1) };
    var report = await backends.FanOutReportAsync(
        options,
        (backend, token) => client.GetFromJsonAsync<decimal>(new Uri(backend.Address, $"price/{Uri.EscapeDataString(product)}"), token),
        cancellationToken);
    return PriceAnswer.Of(product, report);
});
await app.RunAsync();
