using System.Net;
using System.Text.Json.Serialization;
using AsyncKit;
using AsyncKit.Http;
using Microsoft.Extensions.DependencyInjection;

// A first program of a user, against the package and not the project. The handler stands in for a server.
var services = new ServiceCollection();
services.AddHttpClient("pages", client => client.BaseAddress = new Uri("http://example.org/"))
    .ConfigurePrimaryHttpMessageHandler(() => new Pages())
    .AddAsyncKit(options =>
    {
        options.MaxConcurrencyPerHost = 2;
        options.Retry = options.Retry with { Backoff = Backoff.None };
    });
await using var provider = services.BuildServiceProvider();
using var client = provider.GetRequiredService<IHttpClientFactory>().CreateClient("pages");
Uri[] uris = [.. Enumerable.Range(1, 3).Select(number => new Uri($"{number}", UriKind.Relative))];

var pages = await client.GetAllAsync(uris, 2, HttpRead.Json(Json.Default.Page));

var folder = Directory.CreateTempSubdirectory().FullName;
var file = Path.Combine(folder, "page.json");
var download = await client.DownloadAsync(new Uri("http://example.org/4"), file);
Console.WriteLine($"{string.Join(' ', pages.Select(page => page.Number))} {download.Length} {File.ReadAllText(file)}");
Directory.Delete(folder, recursive: true);

internal sealed record Page(int Number);

[JsonSerializable(typeof(Page))]
internal sealed partial class Json : JsonSerializerContext;

internal sealed class Pages : HttpMessageHandler
{
    private int _requests;

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var isBusy = Interlocked.Increment(ref _requests) == 1;
        return Task.FromResult(new HttpResponseMessage(isBusy ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.OK)
        {
            Content = new StringContent($$"""{"Number":{{request.RequestUri!.AbsolutePath[1..]}}}"""),
            RequestMessage = request,
        });
    }
}
