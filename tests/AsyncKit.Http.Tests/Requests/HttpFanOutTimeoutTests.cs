using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace AsyncKit.Http.Tests;

/// <summary>Tests that every request of a bulk GET ends, with every way to read its response.</summary>
public sealed class HttpFanOutTimeoutTests : IClassFixture<NothingLeftBehind>
{
    private const string Message =
        "GET http://one.example/a: the response did not complete within HttpClient.Timeout (10 s).";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private static readonly Uri[] One = [HandlerTest.Address];

    public static TheoryData<string> Reads() => ["text", "bytes", "json", "string", "stream", "copy"];

    [Theory]
    [MemberData(nameof(Reads))]
    public void The_timeout_of_the_client_covers_the_body_of_a_bulk_get(string how) => HandlerTest.Run(async test =>
    {
        using var client = Client(() => new StreamContent(new DripStream(test.Time)));

        var thrown = await Assert.ThrowsAsync<TimeoutException>(() => GetAsync(client, Options(test.Time), how));

        Assert.Equal(Message, thrown.Message);
        Assert.Equal(Limit, test.Time.Elapsed);
    });

    [Fact]
    public async Task The_timeout_of_the_client_covers_a_body_that_is_read_synchronously()
    {
        var time = new VirtualTime();
        using var body = new BlockingStream();
        using var client = Client(() => new StreamContent(body));
        var options = Options(time) with { ReadIdleTimeout = Timeout.InfiniteTimeSpan };

        var run = client.GetAllAsync(One, options, (response, token) =>
        {
#pragma warning disable VSTHRD103 // The synchronous call is the subject of the test.
            using var stream = response.Content.ReadAsStream(token);
#pragma warning restore VSTHRD103
            return new ValueTask<int>(stream.ReadByte());
        });
        await body.Blocked;
        time.Advance(Limit);

        Assert.Equal(Message, (await Assert.ThrowsAsync<TimeoutException>(() => run).OrHangs()).Message);
    }

    [Theory]
    [InlineData("text")]
    [InlineData("stream")]
    public void A_bulk_get_limits_content_that_produces_its_bytes_while_it_is_opened(string how) =>
        HandlerTest.Run(async test =>
        {
            using var client = Client(
                () => new OpeningContent(token => Task.Delay(Timeout.InfiniteTimeSpan, test.Time, token)));

            var thrown = await Assert.ThrowsAsync<TimeoutException>(() => GetAsync(client, Options(test.Time), how));

            Assert.Equal(Message, thrown.Message);
        });

    [Fact]
    public void A_body_that_exceeds_the_timeout_is_retried_with_the_whole_time() => HandlerTest.Run(async test =>
    {
        var stub = new StubHandler((_, number, _) => Task.FromResult(new HttpResponseMessage
        {
            Content = number == 1 ? new StreamContent(new DripStream(test.Time)) : new StringContent("text"),
        }));
        using var client = new HttpClient(stub) { Timeout = Limit };
        var options = Options(test.Time) with
        {
            FanOut = new FanOutOptions(1) { TimeProvider = test.Time, Retry = new RetryOptions { Backoff = Backoff.None } },
        };

        Assert.Equal(["text"], await client.GetAllAsync(One, options, HttpRead.Text));
    });

    [Fact]
    public void SetTimeouts_in_ConfigureRequest_replaces_the_timeout_of_the_body() => HandlerTest.Run(async test =>
    {
        using var client = Client(() => new StreamContent(new DripStream(test.Time)));
        var options = Options(test.Time) with
        {
            ConfigureRequest = request => request.SetTimeouts(totalTimeout: TimeSpan.FromSeconds(20)),
        };

        var thrown = await Assert.ThrowsAsync<TimeoutException>(() => GetAsync(client, options, "text"));

        Assert.Equal(
            "GET http://one.example/a: the response did not complete within the totalTimeout of SetTimeouts (20 s).",
            thrown.Message);
    });

    [Fact]
    public void Over_the_handler_its_total_timeout_covers_the_body_of_a_bulk_get() => HandlerTest.Run(async test =>
    {
        using var client = new HttpClient(new AsyncKitHttpHandler(
            HandlerTest.Options(options => options.Retry = options.Retry with { TotalTimeout = Limit }),
            new StubHandler((_, _, _) => Task.FromResult(
                new HttpResponseMessage { Content = new StreamContent(new DripStream(test.Time)) }))))
        { Timeout = Timeout.InfiniteTimeSpan };

        var thrown = await Assert.ThrowsAsync<TimeoutException>(() => GetAsync(client, Options(test.Time), "text"));

        Assert.Contains("TotalTimeout (10 s)", thrown.Message, StringComparison.Ordinal);
    });

    private static HttpClient Client(Func<HttpContent> content) =>
        new(new StubHandler((_, _, _) => Task.FromResult(new HttpResponseMessage { Content = content() }))) { Timeout = Limit };

    private static HttpFanOutOptions Options(TimeProvider time) =>
        new() { FanOut = new FanOutOptions(1) { TimeProvider = time } };

    private static async Task GetAsync(HttpClient client, HttpFanOutOptions options, string how)
    {
        switch (how)
        {
            case "text":
                await client.GetAllAsync(One, options, HttpRead.Text);
                return;
            case "bytes":
                await client.GetAllAsync(One, options, HttpRead.Bytes);
                return;
            case "json":
                await client.GetAllAsync(One, options, async (response, token) =>
                    await response.Content.ReadFromJsonAsync<JsonNode>(JsonSerializerOptions.Web, token));
                return;
            case "string":
                await client.GetAllAsync(One, options, (response, token) => response.Content.ReadAsStringAsync(token));
                return;
            case "copy":
                await client.GetAllAsync(One, options, async (response, token) =>
                {
                    await response.Content.CopyToAsync(Stream.Null, token);
                    return 0;
                });
                return;
            default:
                await client.GetAllAsync(One, options, async (response, _) =>
                {
                    await using var stream = await response.Content.ReadAsStreamAsync(CancellationToken.None);
                    await stream.ReadExactlyAsync(new byte[1_000], CancellationToken.None);
                    return 0;
                });
                return;
        }
    }
}
