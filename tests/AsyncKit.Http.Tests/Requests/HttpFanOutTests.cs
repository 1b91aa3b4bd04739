using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace AsyncKit.Http.Tests;

public sealed partial class HttpFanOutTests : IClassFixture<NothingLeftBehind>
{
    private static readonly Uri[] Addresses =
        [.. Enumerable.Range(0, 10).Select(number => new Uri($"http://example.org/{number}?secret=1"))];

    [Fact]
    public async Task Results_are_in_source_order()
    {
        using var client = new HttpClient(Echo());

        var texts = await client.GetAllAsync(Addresses, 4, HttpRead.Text);

        Assert.Equal("/0 /1 /2 /3 /4 /5 /6 /7 /8 /9", string.Join(" ", texts));
    }

    [Fact]
    public async Task A_response_is_read_as_bytes_as_json_or_by_the_callers_delegate()
    {
        using var client = new HttpClient(new StubHandler((_, _, _) => Task.FromResult(
            new HttpResponseMessage { Content = new StringContent("""{"Name":"a"}""", Encoding.UTF8, "application/json") })));
        var one = Addresses[..1];

        Assert.Equal(12, Assert.Single(await client.GetAllAsync(one, 1, HttpRead.Bytes)).Length);
        Assert.Equal(new Named("a"), Assert.Single(await client.GetAllAsync(one, 1, HttpRead.Json(Json.Default.Named))));
        Assert.Equal(
            HttpStatusCode.OK, Assert.Single(await client.GetAllAsync(one, 1, (response, _) => new ValueTask<HttpStatusCode>(response.StatusCode))));
    }

    [Fact]
    public async Task Invalid_json_and_null_fail_the_request()
    {
        var texts = new[] { "null", "{" };
        using var client = new HttpClient(new StubHandler((_, number, _) => Task.FromResult(
            new HttpResponseMessage { Content = new StringContent(texts[number - 1]) })));

        var report = await client.GetAllReportAsync(Addresses[..2], 1, HttpRead.Json(Json.Default.Named));

        Assert.All(report.Outcomes, outcome => Assert.IsAssignableFrom<JsonException>(outcome.Exception));
        Assert.Contains("http://example.org/0: the JSON value must not be null.", report.Outcomes[0].Exception!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_report_and_the_stream_accept_sync_and_async_sources()
    {
        using var client = new HttpClient(Echo());
        var options = new HttpFanOutOptions { FanOut = new FanOutOptions { MaxConcurrency = 2 } };

        Assert.Equal(10, (await client.GetAllReportAsync(Addresses, 2, HttpRead.Text)).SucceededCount);
        Assert.Equal(10, (await client.GetAllReportAsync(Addresses, options, HttpRead.Text)).SucceededCount);
        Assert.Equal(10, (await client.GetAllReportAsync(SourceAsync(), 2, HttpRead.Text)).SucceededCount);
        Assert.Equal(10, (await client.GetAllReportAsync(SourceAsync(), options, HttpRead.Text)).SucceededCount);
        Assert.Equal(10, (await client.GetAllAsync(Addresses, options, HttpRead.Text)).Length);
        Assert.Equal(10, (await client.GetAllAsync(SourceAsync(), 2, HttpRead.Text)).Length);
        Assert.Equal(10, (await client.GetAllAsync(SourceAsync(), options, HttpRead.Text)).Length);
        Assert.Equal(10, await CountAsync(client.GetAllStream(Addresses, 2, HttpRead.Text)));
        Assert.Equal(10, await CountAsync(client.GetAllStream(Addresses, options, HttpRead.Text)));
        Assert.Equal(10, await CountAsync(client.GetAllStream(SourceAsync(), 2, HttpRead.Text)));
        Assert.Equal(10, await CountAsync(client.GetAllStream(SourceAsync(), options, HttpRead.Text)));

        static async Task<int> CountAsync(IAsyncEnumerable<string> texts)
        {
            var count = 0;
            await foreach (var text in texts)
            {
                Assert.Equal($"/{count++}", text);
            }

            return count;
        }
    }

    [Fact]
    public async Task A_non_success_status_fails_its_request_and_names_the_address_without_its_query()
    {
        using var client = new HttpClient(StubHandler.Of(HttpStatusCode.NotFound));

        var thrown = await Assert.ThrowsAsync<HttpRequestException>(
            () => client.GetAllAsync(Addresses, 1, HttpRead.Text));

        Assert.Equal("http://example.org/0 returned 404 (Not Found).", thrown.Message);
        Assert.Equal(HttpStatusCode.NotFound, thrown.StatusCode);
        Assert.Equal(0, thrown.Data["AsyncKit.Index"]);
    }

    [Fact]
    public async Task A_report_with_only_a_limit_contains_every_request()
    {
        using var client = new HttpClient(StubHandler.Of(HttpStatusCode.NotFound, HttpStatusCode.OK));

        var report = await client.GetAllReportAsync(Addresses, 1, HttpRead.Text);

        Assert.Equal((1, 9), (report.FailedCount, report.SucceededCount));
    }

    [Fact]
    public async Task A_non_success_status_can_be_read()
    {
        using var client = new HttpClient(StubHandler.Of(HttpStatusCode.NotFound));
        var options = new HttpFanOutOptions
        {
            FanOut = new FanOutOptions { MaxConcurrency = 1 },
            OnErrorStatus = HttpErrorStatus.Read,
        };

        var statuses = await client.GetAllAsync(Addresses, options, (response, _) => new ValueTask<HttpStatusCode>(response.StatusCode));

        Assert.All(statuses, status => Assert.Equal(HttpStatusCode.NotFound, status));
    }

    [Fact]
    public void A_retry_of_the_options_repeats_request_and_reading_and_honors_Retry_After() =>
        HandlerTest.Run(async test =>
        {
            StubHandler? stub = null;
            stub = new StubHandler((_, number, _) =>
            {
                var response = stub!.Response(number == 1 ? HttpStatusCode.TooManyRequests : HttpStatusCode.OK);
                response.Headers.RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(7));
                return Task.FromResult(response);
            });
            var get = new HttpGet<Uri, string>(
                new HttpClient(stub),
                Addresses,
                new HttpFanOutOptions
                {
                    FanOut = new FanOutOptions { MaxConcurrency = 1, Retry = new RetryOptions { Backoff = Backoff.None } },
                    ReadIdleTimeout = Timeout.InfiniteTimeSpan,
                },
                uri => uri,
                (response, token) => stub.Requests.Count == 2
                    ? throw new IOException("reset")
                    : HttpRead.Text(response, token));

            var texts = await Addresses[..1].FanOutAsync(get.FanOut, get.RunAsync);

            Assert.Equal("text", Assert.Single(texts));
            Assert.Equal(3, stub.Requests.Count);
            Assert.Equal(TimeSpan.FromSeconds(7), test.Time.Elapsed);
            Assert.All(stub.Contents, content => Assert.True(content.IsDisposed));
        });

    [Theory]
    [InlineData(4, false, true)]
    [InlineData(3, false, false)]
    [InlineData(3, true, false)]
    [InlineData(4, true, true)]
    public async Task A_response_is_bounded_by_MaxResponseBytes(long limit, bool hasLength, bool fits)
    {
        using var client = new HttpClient(new StubHandler((_, _, _) =>
        {
            var content = new StreamContent(new UnseekableStream("text"u8.ToArray()));
            content.Headers.ContentLength = hasLength ? 4 : null;
            return Task.FromResult(new HttpResponseMessage { Content = content });
        }));
        var options = new HttpFanOutOptions
        {
            FanOut = new FanOutOptions { MaxConcurrency = 1 },
            MaxResponseBytes = limit,
        };

        var report = await client.GetAllReportAsync(Addresses[..1], options, HttpRead.Text);

        if (fits)
        {
            Assert.Equal("text", Assert.Single(report.Values));
            return;
        }

        var failure = Assert.IsType<HttpRequestException>(Assert.Single(report.Failures).Exception);
        Assert.Equal(HttpRequestError.ConfigurationLimitExceeded, failure.HttpRequestError);
        Assert.Equal(
            "GET http://example.org/0: the response is longer than MaxResponseBytes (3 bytes).", failure.Message);
    }

    [Fact]
    public async Task A_response_that_is_too_long_is_not_retried()
    {
        var stub = StubHandler.Of(HttpStatusCode.OK);
        using var client = new HttpClient(stub);
        var options = new HttpFanOutOptions
        {
            FanOut = new FanOutOptions { MaxConcurrency = 1, Retry = new RetryOptions { Backoff = Backoff.None } },
            ReadIdleTimeout = Timeout.InfiniteTimeSpan,
            MaxResponseBytes = 3,
        };

        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAllAsync(Addresses[..1], options, HttpRead.Text));

        Assert.Single(stub.Requests);
    }

    [Fact]
    public async Task A_relative_address_belongs_to_the_clients_host_unless_it_names_another()
    {
        var gate = new TaskCompletionSource();
        StubHandler? stub = null;
        stub = new StubHandler(async (request, _, _) =>
        {
            if (request.RequestUri!.Host is "other.example")
            {
                gate.SetResult();
            }

            await gate.Task.OrHangs();
            return stub!.Response(HttpStatusCode.OK);
        });
        using var client = new HttpClient(stub) { BaseAddress = new Uri("http://example.org/") };
        var options = new HttpFanOutOptions
        {
            FanOut = new FanOutOptions { MaxConcurrency = 8 },
            MaxConcurrencyPerHost = 1,
        };
        Uri[] addresses =
        [
            new("http://example.org/1"), new("2", UriKind.Relative), new("3", UriKind.Relative), new("http://example.org/4"),
            new("//other.example/5", UriKind.Relative),
        ];

        var texts = await client.GetAllAsync(addresses, options, HttpRead.Text);

        Assert.Equal(5, texts.Length);
        Assert.Equal(2, stub.Peak);
    }

    [Fact]
    public async Task A_response_whose_header_announces_too_many_bytes_is_not_read()
    {
        var wasRead = false;
        using var client = new HttpClient(new StubHandler((_, _, _) =>
        {
            var content = new StreamContent(new UnseekableStream("text"u8.ToArray()));
            content.Headers.ContentLength = 4;
            return Task.FromResult(new HttpResponseMessage { Content = content });
        }));
        var options = new HttpFanOutOptions
        {
            FanOut = new FanOutOptions { MaxConcurrency = 1 },
            MaxResponseBytes = 3,
        };

        var report = await client.GetAllReportAsync(Addresses[..1], options, async (_, _) =>
        {
            wasRead = true;
            await Task.Yield();
            return 0;
        });

        Assert.Equal(1, report.FailedCount);
        Assert.False(wasRead);
    }

    [Fact]
    public async Task A_response_is_disposed_after_reading_succeeds_or_fails()
    {
        var stub = StubHandler.Of(HttpStatusCode.OK, HttpStatusCode.NotFound, HttpStatusCode.OK);
        using var client = new HttpClient(stub);

        var report = await client.GetAllReportAsync(Addresses[..3], 1, (response, _) => stub.Requests.Count == 3
            ? throw new InvalidOperationException()
            : new ValueTask<int>((int)response.StatusCode));

        Assert.Equal((1, 2), (report.SucceededCount, report.FailedCount));
        Assert.All(stub.Contents, content => Assert.True(content.IsDisposed));
    }

    [Fact]
    public async Task Requests_use_the_clients_base_address_and_headers_and_can_be_configured()
    {
        List<string> seen = [];
        using var client = new HttpClient(new StubHandler((request, _, _) =>
        {
            seen.Add($"{request.RequestUri} {request.Version} {request.VersionPolicy} {request.Headers}".Trim());
            return Task.FromResult(new HttpResponseMessage());
        }))
        {
            BaseAddress = new Uri("http://base.example/"),
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        client.DefaultRequestHeaders.Add("always", "2");
        var options = new HttpFanOutOptions
        {
            FanOut = new FanOutOptions { MaxConcurrency = 1 },
            ConfigureRequest = request => request.Headers.Add("own", "1"),
        };

        await client.GetAllAsync([new Uri("page", UriKind.Relative)], options, HttpRead.Text);

        Assert.Equal(
            "http://base.example/page 2.0 RequestVersionExact own: 1\nalways: 2", Assert.Single(seen).ReplaceLineEndings("\n"));
    }

    [Fact]
    public async Task MaxConcurrencyPerHost_keeps_a_slow_host_from_occupying_the_slots_of_others()
    {
        var slow = new TestGate();
        var fast = new TestGate();
        fast.Open();
        using var client = new HttpClient(new StubHandler(async (request, _, token) =>
        {
            await (string.Equals(request.RequestUri!.Host, "slow", StringComparison.Ordinal) ? slow : fast).PassAsync(token);
            return new HttpResponseMessage { Content = new StringContent(request.RequestUri!.Host) };
        }));
        var options = new HttpFanOutOptions
        {
            FanOut = new FanOutOptions { MaxConcurrency = 4 },
            MaxConcurrencyPerHost = 2,
        };
        var uris = Enumerable.Repeat(new Uri("http://slow/"), 10).Concat(Enumerable.Repeat(new Uri("http://fast/"), 10));

        var run = client.GetAllAsync(uris, options, HttpRead.Text);
        await fast.ArrivedAsync(10);

        Assert.Equal(2, slow.Arrivals);
        slow.Open();
        Assert.Equal(20, (await run.OrHangs()).Length);
        Assert.Equal(2, slow.Peak);
    }

    [Fact]
    public void Invalid_arguments_throw_at_the_call()
    {
        using var client = new HttpClient(StubHandler.Of(HttpStatusCode.OK));
        var fanOut = new FanOutOptions { MaxConcurrency = 1 };

        Assert.Throws<ArgumentNullException>("client", () => { _ = HttpFanOut.GetAllAsync(null!, Addresses, 1, HttpRead.Text); });
        Assert.Throws<ArgumentNullException>(
            "uris", () => { _ = client.GetAllAsync((IEnumerable<Uri>)null!, 1, HttpRead.Text); });
        Assert.Throws<ArgumentNullException>("read", () => { _ = client.GetAllAsync<int>(Addresses, 1, null!); });
        Assert.Throws<ArgumentNullException>(
            "options", () => { _ = client.GetAllAsync(Addresses, null!, HttpRead.Text); });
        Assert.ThrowsAny<ArgumentOutOfRangeException>(() => { _ = client.GetAllAsync(Addresses, 0, HttpRead.Text); });
        Assert.Throws<ArgumentException>("options", () =>
        {
            _ = client.GetAllAsync(
                Addresses,
                new HttpFanOutOptions
                {
                    FanOut = fanOut with { Partition = FanOutPartition.By<Uri, string>(uri => uri.Host, 1) },
                    MaxConcurrencyPerHost = 1,
                },
                HttpRead.Text);
        });
        Assert.Throws<ArgumentNullException>(() => new HttpFanOutOptions { FanOut = null! });
        Assert.Throws<ArgumentOutOfRangeException>(() => new HttpFanOutOptions { FanOut = fanOut, MaxResponseBytes = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new HttpFanOutOptions { FanOut = fanOut, MaxConcurrencyPerHost = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(
            () => new HttpFanOutOptions { FanOut = fanOut, ReadIdleTimeout = TimeSpan.FromSeconds(-1) });
        Assert.Throws<ArgumentOutOfRangeException>(
            () => new HttpFanOutOptions { FanOut = fanOut, OnErrorStatus = (HttpErrorStatus)2 });
        Assert.Throws<ArgumentNullException>("typeInfo", () => HttpRead.Json<Named>(null!));
    }

    [Fact]
    public void Options_can_be_created_from_the_limit_alone()
    {
        Assert.Equal(new HttpFanOutOptions { FanOut = new FanOutOptions(3) }, new HttpFanOutOptions(3));
        Assert.Equal(new DownloadAllOptions { FanOut = new FanOutOptions(3) }, new DownloadAllOptions(3));
        Assert.Throws<ArgumentOutOfRangeException>("maxConcurrency", () => new HttpFanOutOptions(0));
        Assert.Throws<ArgumentOutOfRangeException>("maxConcurrency", () => new DownloadAllOptions(0));
    }

    private static StubHandler Echo() => new(async (request, _, _) =>
    {
        await Task.Yield();
        return new HttpResponseMessage { Content = new StringContent(request.RequestUri!.AbsolutePath) };
    });

    private static async IAsyncEnumerable<Uri> SourceAsync()
    {
        foreach (var uri in Addresses)
        {
            await Task.Yield();
            yield return uri;
        }
    }

    private sealed record Named(string Name);

    [JsonSerializable(typeof(Named))]
    private sealed partial class Json : JsonSerializerContext;
}
