using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace AsyncKit.Http.Tests;

/// <summary>Tests the addresses and reading functions that a bulk GET takes.</summary>
public sealed partial class HttpFanOutOverloadTests : IClassFixture<NothingLeftBehind>
{
    private static readonly string[] Texts = ["http://example.org/0", "http://example.org/1"];
    private static readonly Uri[] Uris = [.. Texts.Select(text => new Uri(text))];
    private static readonly HttpFanOutOptions Options = new() { FanOut = new FanOutOptions(2) };

    [Fact]
    public async Task A_bulk_get_takes_texts_and_functions_that_return_a_Task()
    {
        using var client = new HttpClient(Echo());
        string[][] all =
        [
            await client.GetAllAsync(Texts, 2, HttpRead.Text),
            await client.GetAllAsync(Texts, Options, HttpRead.Text),
            await client.GetAllAsync(Texts, 2, ReadAsync),
            await client.GetAllAsync(Texts, Options, ReadAsync),
            await client.GetAllAsync(Uris, 2, ReadAsync),
            await client.GetAllAsync(Uris, Options, (response, token) => response.Content.ReadAsStringAsync(token)),
            await client.GetAllAsync(["http://example.org/0", "http://example.org/1"], 2, async (response, token) =>
                await response.Content.ReadAsStringAsync(token)),
            await client.GetAllAsync(AsAsync(Texts), 2, HttpRead.Text),
            await client.GetAllAsync(AsAsync(Texts), Options, HttpRead.Text),
            await client.GetAllAsync(AsAsync(Texts), 2, ReadAsync),
            await client.GetAllAsync(AsAsync(Texts), Options, ReadAsync),
            await client.GetAllAsync(AsAsync(Uris), 2, ReadAsync),
            await client.GetAllAsync(AsAsync(Uris), Options, ReadAsync),
            [.. (await client.GetAllReportAsync(Texts, 2, HttpRead.Text)).Values],
            [.. (await client.GetAllReportAsync(Texts, Options, HttpRead.Text)).Values],
            [.. (await client.GetAllReportAsync(Texts, 2, ReadAsync)).Values],
            [.. (await client.GetAllReportAsync(Texts, Options, ReadAsync)).Values],
            [.. (await client.GetAllReportAsync(Uris, 2, ReadAsync)).Values],
            [.. (await client.GetAllReportAsync(Uris, Options, ReadAsync)).Values],
            [.. (await client.GetAllReportAsync(AsAsync(Texts), 2, HttpRead.Text)).Values],
            [.. (await client.GetAllReportAsync(AsAsync(Texts), Options, HttpRead.Text)).Values],
            [.. (await client.GetAllReportAsync(AsAsync(Texts), 2, ReadAsync)).Values],
            [.. (await client.GetAllReportAsync(AsAsync(Texts), Options, ReadAsync)).Values],
            [.. (await client.GetAllReportAsync(AsAsync(Uris), 2, ReadAsync)).Values],
            [.. (await client.GetAllReportAsync(AsAsync(Uris), Options, ReadAsync)).Values],
            await ListAsync(client.GetAllStream(Texts, 2, HttpRead.Text)),
            await ListAsync(client.GetAllStream(Texts, Options, HttpRead.Text)),
            await ListAsync(client.GetAllStream(Texts, 2, ReadAsync)),
            await ListAsync(client.GetAllStream(Texts, Options, ReadAsync)),
            await ListAsync(client.GetAllStream(Uris, 2, ReadAsync)),
            await ListAsync(client.GetAllStream(Uris, Options, ReadAsync)),
            await ListAsync(client.GetAllStream(AsAsync(Texts), 2, HttpRead.Text)),
            await ListAsync(client.GetAllStream(AsAsync(Texts), Options, HttpRead.Text)),
            await ListAsync(client.GetAllStream(AsAsync(Texts), 2, ReadAsync)),
            await ListAsync(client.GetAllStream(AsAsync(Texts), Options, ReadAsync)),
            await ListAsync(client.GetAllStream(AsAsync(Uris), 2, ReadAsync)),
            await ListAsync(client.GetAllStream(AsAsync(Uris), Options, ReadAsync)),
        ];

        Assert.All(all, texts => Assert.Equal(["/0", "/1"], texts));
    }

    [Fact]
    public async Task A_text_that_is_no_address_fails_its_own_request_and_shows_no_secret()
    {
        using var client = new HttpClient(Echo());
        var options = Options with { MaxConcurrencyPerHost = 1 };

        var report = await client.GetAllReportAsync(
            ["http://example.org/0", "http://me:pass@exa mple.org:x/\u001b?secret", "http://example.org/1"], options, HttpRead.Text);

        Assert.Equal(2, report.SucceededCount);
        Assert.Equal(
            "'http://exa mple.org:x/?' is not a valid address.",
            Assert.IsType<UriFormatException>(Assert.Single(report.Failures).Exception).Message);
    }

    [Fact]
    public async Task A_relative_text_belongs_to_the_base_address()
    {
        using var client = new HttpClient(Echo()) { BaseAddress = new Uri("http://example.org/") };

        Assert.Equal(["/page", "/other"], await client.GetAllAsync(["page", "/other"], 1, HttpRead.Text));
    }

    [Fact]
    public void Missing_arguments_throw_at_the_call()
    {
        using var client = new HttpClient(Echo());
        Func<HttpResponseMessage, CancellationToken, Task<string>> none = null!;

        Assert.Throws<ArgumentNullException>("read", () => { _ = client.GetAllAsync(Texts, 1, none); });
        Assert.Throws<ArgumentNullException>("read", () => { _ = client.GetAllStream(Uris, Options, none); });
        Assert.Throws<ArgumentNullException>("uris", () => { _ = client.GetAllAsync((string[])null!, 1, HttpRead.Text); });
    }

    [Fact]
    public async Task An_address_that_was_made_without_canonicalization_stays_unchanged()
    {
        var address = new Uri(
            "http://example.org/x/%2e%2e/y", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        var stub = StubHandler.Of(HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK);
        using var client = new HttpClient(new AsyncKitHttpHandler(
            new AsyncKitHttpOptions { MaxConcurrencyPerHost = 1, Retry = new RetryOptions { Backoff = Backoff.None } }, stub));

        await client.GetAllAsync([address, address], Options with { MaxConcurrencyPerHost = 1 }, HttpRead.Text);

        Assert.Equal(3, stub.Requests.Count); // A retry, too.
        Assert.All(stub.Requests, request => Assert.Same(address, request.Uri));
    }

    [Theory]
    [InlineData("""{"firstName":"a","count":"3"}""")]
    [InlineData("""{"FirstName":"a","Count":3}""")]
    public async Task Json_has_the_web_defaults(string json)
    {
        using var client = new HttpClient(new StubHandler((_, _, _) => Task.FromResult(
            new HttpResponseMessage { Content = new StringContent(json) })));

        Assert.Equal([new Order("a", 3)], await client.GetAllAsync(Texts[..1], 1, HttpRead.Json(General.Default.Order)));
    }

    [Fact]
    public async Task Json_keeps_options_that_say_otherwise()
    {
        using var client = new HttpClient(new StubHandler((_, _, _) => Task.FromResult(
            new HttpResponseMessage { Content = new StringContent("""{"first_name":"a","FIRST_NAME":"b","count":3}""") })));

        Assert.Equal([new Order("a", 3)], await client.GetAllAsync(Texts[..1], 1, HttpRead.Json(Snake.Default.Order)));
    }

    [Theory]
    [InlineData("utf-8", "utf-8", false)]
    [InlineData("utf-16", "utf-16", false)]
    [InlineData("iso-8859-1", "\"iso-8859-1\"", false)]
    [InlineData("utf-8", null, true)]
    [InlineData("utf-16", null, true)]
    [InlineData("utf-16BE", null, true)]
    [InlineData("utf-32", null, true)]
    [InlineData("utf-8", "utf-8", true)]
    [InlineData("utf-16", "utf-16", true)]
    public async Task Text_and_json_are_decoded_as_HttpContent_does(string encoding, string? charset, bool hasMark)
    {
        const string Json = """{"FirstName":"ä","Count":3}""";
        var bytes = Encoding.GetEncoding(encoding).GetBytes(Json);
        byte[] body = hasMark ? [.. Encoding.GetEncoding(encoding).Preamble, .. bytes] : bytes;
        var server = new StubHandler((_, _, _) =>
        {
            var content = new ByteArrayContent(body);
            content.Headers.TryAddWithoutValidation(
                "Content-Type", charset is null ? "application/json" : $"application/json; charset={charset}");
            return Task.FromResult(new HttpResponseMessage { Content = content });
        });
        using var client = new HttpClient(server);

        var expected = await client.GetStringAsync(Uris[0]);
        Assert.Equal(expected, Assert.Single(await client.GetAllAsync(Uris[..1], 1, HttpRead.Text)));
        Assert.Equal(Json, expected);
        if (charset is not null || encoding is "utf-8")
        {
            Assert.Equal(
                new Order("ä", 3), Assert.Single(await client.GetAllAsync(Uris[..1], 1, HttpRead.Json(General.Default.Order))));
        }
    }

    [Fact]
    public async Task A_long_response_is_read_completely()
    {
        var body = new byte[100_000];
        new Random(1).NextBytes(body);
        using var client = new HttpClient(new StubHandler((_, _, _) => Task.FromResult(
            new HttpResponseMessage { Content = new StreamContent(new UnseekableStream(body)) })));

        Assert.Equal(body, Assert.Single(await client.GetAllAsync(Uris[..1], 1, HttpRead.Bytes)));
        Assert.Equal("", Assert.Single(await new HttpClient(new StubHandler((_, _, _) => Task.FromResult(
            new HttpResponseMessage()))).GetAllAsync(Uris[..1], 1, HttpRead.Text)));
    }

    [Fact]
    public void StartRate_counts_retries_like_StartRatePerHost() => HandlerTest.Run(async test =>
    {
        await using var ofRun = new ScriptedLimiter();
        await using var ofHost = new ScriptedLimiter();
        var retry = new RetryOptions { Backoff = Backoff.None };
        using var plain = new HttpClient(StubHandler.Of(HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK));
        using var handled = new HttpClient(new AsyncKitHttpHandler(
            new AsyncKitHttpOptions { StartRatePerHost = _ => ofHost, Retry = retry },
            StubHandler.Of(HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK)));

        await plain.GetAllAsync(
            Texts,
            new HttpFanOutOptions
            {
                FanOut = new FanOutOptions(1) { StartRate = ofRun, Retry = retry, TimeProvider = test.Time },
            },
            HttpRead.Text);
        await handled.GetAllAsync(Texts, 1, HttpRead.Text);

        Assert.Equal((3, 3), (ofRun.Granted, ofRun.Returned));
        Assert.Equal((3, 3), (ofHost.Granted, ofHost.Returned));
    });

    private static Task<string> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken) =>
        response.Content.ReadAsStringAsync(cancellationToken);

    private static StubHandler Echo() => new((request, _, _) => Task.FromResult(
        new HttpResponseMessage { Content = new StringContent(request.RequestUri!.AbsolutePath) }));

    private static async IAsyncEnumerable<T> AsAsync<T>(IEnumerable<T> items)
    {
        foreach (var item in items)
        {
            await Task.Yield();
            yield return item;
        }
    }

    private static async Task<string[]> ListAsync(IAsyncEnumerable<string> texts)
    {
        List<string> all = [];
        await foreach (var text in texts)
        {
            all.Add(text);
        }

        return [.. all];
    }

    private sealed record Order(string FirstName, int Count);

    [JsonSerializable(typeof(Order))]
    private sealed partial class General : JsonSerializerContext;

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(Order))]
    private sealed partial class Snake : JsonSerializerContext;
}
