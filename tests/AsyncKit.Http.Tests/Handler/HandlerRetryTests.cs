using System.Net.Http.Headers;
using System.Net.Http.Json;

namespace AsyncKit.Http.Tests;

public sealed class HandlerRetryTests : IClassFixture<NothingLeftBehind>
{
    public static TheoryData<string, bool> Methods() => new()
    {
        { "GET", true },
        { "HEAD", true },
        { "OPTIONS", true },
        { "TRACE", true },
        { "PUT", true },
        { "DELETE", true },
        { "POST", false },
        { "PATCH", false },
        { "CONNECT", false },
        { "LOCK", false },
    };

    [Theory]
    [MemberData(nameof(Methods))]
    public void A_request_is_retried_only_if_its_method_is_idempotent(string method, bool isRetried) =>
        HandlerTest.Run(async _ =>
        {
            var stub = StubHandler.Of(HttpStatusCode.ServiceUnavailable);
            using var client = HandlerTest.Options().Over(stub);

            using var response = await client.SendAsync(
                new HttpRequestMessage(HttpMethod.Parse(method), HandlerTest.Address), default);

            Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
            Assert.Equal(isRetried ? 3 : 1, stub.Requests.Count);
        });

    [Fact]
    public void A_request_is_retried_if_it_allows_retries() => HandlerTest.Run(async _ =>
    {
        var stub = StubHandler.Of(HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK);
        using var client = HandlerTest.Options().Over(stub);
        using var request = new HttpRequestMessage(HttpMethod.Post, HandlerTest.Address)
        {
            Content = JsonContent.Create("order"),
        }.SetRetry(HttpRetry.Allowed);

        using var response = await client.SendAsync(request, default);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(2, stub.Requests.Count(sent => string.Equals(sent.Body, "\"order\"", StringComparison.Ordinal)));
    });

    [Fact]
    public void A_request_with_HttpRetry_Never_is_sent_once() => HandlerTest.Run(async _ =>
    {
        var stub = StubHandler.Of(HttpStatusCode.ServiceUnavailable);
        using var client = HandlerTest.Options().Over(stub);

        using var response = await client.SendAsync(
            new HttpRequestMessage(HttpMethod.Get, HandlerTest.Address).SetRetry(HttpRetry.Never), default);

        Assert.Single(stub.Requests);
    });

    [Fact]
    public void Content_that_cannot_be_read_again_is_sent_once() => HandlerTest.Run(async _ =>
    {
        var stub = StubHandler.Of(HttpStatusCode.ServiceUnavailable);
        using var client = HandlerTest.Options().Over(stub);
        using var stream = new MemoryStream("once"u8.ToArray());
        using var parts = new MultipartContent { new StringContent("part"), new StreamContent(stream) };

        using var request = new HttpRequestMessage(HttpMethod.Put, HandlerTest.Address) { Content = parts }
            .SetRetry(HttpRetry.Allowed);
        using var response = await client.SendAsync(request, default);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Single(stub.Requests);
    });

    [Fact]
    public void Repeatable_content_is_sent_unchanged_by_each_attempt() => HandlerTest.Run(async _ =>
    {
        var stub = StubHandler.Of(HttpStatusCode.BadGateway, HttpStatusCode.OK);
        using var client = HandlerTest.Options().Over(stub);
        using var parts = new MultipartContent("mixed", "line") { new StringContent("part"), new ByteArrayContent([65]) };

        using var response = await client.SendAsync(
            new HttpRequestMessage(HttpMethod.Put, HandlerTest.Address) { Content = parts }, default);

        Assert.Equal(2, stub.Requests.Count);
        Assert.Contains("part", stub.Requests[0].Body, StringComparison.Ordinal);
        Assert.Equal(stub.Requests[0].Body, stub.Requests[1].Body);
    });

    [Fact]
    public void A_failed_connection_is_retried() => HandlerTest.Run(async test =>
    {
        StubHandler? stub = null;
        stub = new StubHandler((_, number, _) => number < 3
            ? throw new HttpRequestException("no route")
            : Task.FromResult(stub!.Response(HttpStatusCode.OK)));
        using var client = HandlerTest.Options().Over(stub);

        using var response = await client.GetAsync();

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(2), test.Time.Elapsed);
    });

    [Fact]
    public void A_refused_response_releases_the_permit_of_its_host_before_a_retry() => HandlerTest.Run(async _ =>
    {
        StubHandler? stub = null;
        stub = new StubHandler((_, number, _) =>
        {
            var response = stub!.Response(HttpStatusCode.OK);
            if (number == 1)
            {
                response.Content = new StreamContent(new UnseekableStream(new byte[1]));
                response.Content.Headers.TryAddWithoutValidation("Content-Length", "abc");
            }

            return Task.FromResult(response);
        });
        var options = HandlerTest.Options(options => options.MaxConcurrencyPerHost = 1);
        options.Retry = options.Retry with { ShouldRetry = _ => true };
        using var client = options.Over(stub);

        using var response = await client.GetAsync();

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(2, stub.Requests.Count);
    });

    [Fact]
    public void A_failure_of_the_last_attempt_is_thrown_unchanged() => HandlerTest.Run(async _ =>
    {
        var failure = new HttpRequestException("no route");
        using var client = HandlerTest.Options().Over(new StubHandler((_, _, _) => throw failure));

        var thrown = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync());

        Assert.Same(failure, thrown);
        Assert.Equal(3, thrown.Data["AsyncKit.Attempts"]);
    });

    [Fact]
    public void A_retried_response_is_disposed_and_the_last_response_is_returned() => HandlerTest.Run(async _ =>
    {
        List<bool> disposedBefore = [];
        StubHandler? stub = null;
        stub = new StubHandler((_, _, _) =>
        {
            disposedBefore.AddRange(stub!.Contents.Select(content => content.IsDisposed));
            return Task.FromResult(stub.Response(HttpStatusCode.InternalServerError, "why"));
        });
        using var client = HandlerTest.Options().Over(stub);

        using var response = await client.GetAsync();

        Assert.Equal([true, true, true], disposedBefore);
        Assert.Equal("why", await response.Content.ReadAsStringAsync());
        Assert.False(stub.Contents[2].IsDisposed);
    });

    [Theory]
    [InlineData(HttpStatusCode.NotFound)]
    [InlineData(HttpStatusCode.Unauthorized)]
    [InlineData(HttpStatusCode.NotModified)]
    [InlineData(HttpStatusCode.OK)]
    public void A_status_that_is_not_transient_is_returned(HttpStatusCode status) =>
        HandlerTest.Run(async _ =>
        {
            var stub = StubHandler.Of(status);
            using var client = HandlerTest.Options().Over(stub);

            using var response = await client.GetAsync();

            Assert.Equal(status, response.StatusCode);
            Assert.Single(stub.Requests);
        });

    [Fact]
    public void ShouldRetry_decides_once_for_each_response() => HandlerTest.Run(async _ =>
    {
        var calls = 0;
        var stub = StubHandler.Of(HttpStatusCode.NotFound, HttpStatusCode.OK);
        using var client = HandlerTest.Options(options => options.Retry = options.Retry with
        {
            ShouldRetry = failure =>
            {
                calls++;
                return failure is HttpRequestException { StatusCode: HttpStatusCode.NotFound };
            },
        }).Over(stub);

        using var response = await client.GetAsync();

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(1, calls);
    });

    [Fact]
    public void A_response_is_disposed_when_a_callback_of_the_options_throws() => HandlerTest.Run(async _ =>
    {
        var stub = StubHandler.Of(HttpStatusCode.ServiceUnavailable);
        using var client = HandlerTest.Options(options => options.Retry = options.Retry with
        {
            ShouldRetry = _ => throw new InvalidOperationException("From the callback."),
        }).Over(stub);

        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(() => client.GetAsync());

        Assert.Equal("From the callback.", thrown.Message);
        Assert.True(Assert.Single(stub.Contents).IsDisposed);
    });

    [Fact]
    public void A_response_is_disposed_when_DelayHint_throws() => HandlerTest.Run(async _ =>
    {
        var stub = StubHandler.Of(HttpStatusCode.ServiceUnavailable);
        using var client = HandlerTest.Options(options => options.Retry = options.Retry with
        {
            DelayHint = _ => throw new InvalidOperationException("From the callback."),
        }).Over(stub);

        await Assert.ThrowsAsync<InvalidOperationException>(() => client.GetAsync());

        Assert.True(Assert.Single(stub.Contents).IsDisposed);
    });

    [Fact]
    public void An_OnRetry_that_rethrows_never_returns_a_disposed_response() => HandlerTest.Run(async _ =>
    {
        var stub = StubHandler.Of(HttpStatusCode.ServiceUnavailable);
        using var client = HandlerTest.Options(options => options.Retry = options.Retry with
        {
            OnRetry = attempt => throw attempt.Exception,
        }).Over(stub);

        var thrown = await Assert.ThrowsAnyAsync<HttpRequestException>(() => client.GetAsync());

        Assert.Equal(HttpStatusCode.ServiceUnavailable, thrown.StatusCode);
        Assert.True(Assert.Single(stub.Contents).IsDisposed);
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Retry_After_of_a_response_is_honored(bool asDate) => HandlerTest.Run(async test =>
    {
        StubHandler? stub = null;
        stub = new StubHandler((_, number, _) =>
        {
            var response = stub!.Response(number == 1 ? HttpStatusCode.TooManyRequests : HttpStatusCode.OK);
            response.Headers.RetryAfter = asDate
                ? new RetryConditionHeaderValue(test.Time.GetUtcNow() + TimeSpan.FromSeconds(20))
                : new RetryConditionHeaderValue(TimeSpan.FromSeconds(20));
            return Task.FromResult(response);
        });
        using var client = HandlerTest.Options().Over(stub);

        using var response = await client.GetAsync();

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(20), test.Time.Elapsed);
    });

    [Fact]
    public void A_Retry_After_above_the_cap_returns_the_response() => HandlerTest.Run(async test =>
    {
        StubHandler? stub = null;
        stub = new StubHandler((_, _, _) =>
        {
            var response = stub!.Response(HttpStatusCode.ServiceUnavailable);
            response.Headers.RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(31));
            return Task.FromResult(response);
        });
        using var client = HandlerTest.Options().Over(stub);

        using var response = await client.GetAsync();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(TimeSpan.Zero, test.Time.Elapsed);
        Assert.Single(stub.Requests);
    });

    [Fact]
    public void An_exhausted_budget_returns_the_response() => HandlerTest.Run(async test =>
    {
        var stub = StubHandler.Of(HttpStatusCode.ServiceUnavailable);
        using var client = HandlerTest.Options(options => options.Retry = options.Retry with
        {
            Budget = new RetryBudget(ratio: 0.1, minPerSecond: 0, test.Time),
        }).Over(stub);

        for (var number = 0; number < 100; number++)
        {
            using var response = await client.GetAsync();
            Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        }

        Assert.Equal(110, stub.Requests.Count);
    });

    [Fact]
    public void A_retry_after_a_redirect_restores_the_callers_request() => HandlerTest.Run(async _ =>
    {
        List<bool?> chunked = [];
        StubHandler? stub = null;
        stub = new StubHandler((request, number, _) =>
        {
            chunked.Add(request.Headers.TransferEncodingChunked);
            if (number == 1)
            {
                // Mimics a redirect of SocketsHttpHandler, which changes the request.
                request.RequestUri = new Uri("http://other.example/b");
                request.Method = HttpMethod.Get;
                request.Content = null;
                request.Headers.Authorization = null;
                request.Headers.TransferEncodingChunked = false;
            }

            return Task.FromResult(stub!.Response(
                number == 1 ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.OK));
        });
        using var client = HandlerTest.Options().Over(stub);
        using var request = new HttpRequestMessage(HttpMethod.Put, HandlerTest.Address) { Content = new StringContent("x") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "key");
        request.Headers.TransferEncodingChunked = true;

        using var response = await client.SendAsync(request, default);

        Assert.Equal([true, true], chunked);
        Assert.Equal(stub.Requests[0], stub.Requests[1]);
        Assert.Equal(new StubRequest(HttpMethod.Put, HandlerTest.Address, "key", "x"), stub.Requests[1]);
    });

    [Fact]
    public void Cancellation_ends_the_wait_for_the_next_attempt_immediately() => HandlerTest.Run(async test =>
    {
        var stub = StubHandler.Of(HttpStatusCode.ServiceUnavailable);
        using var client = HandlerTest.Options().Over(stub);
        using var source = new CancellationTokenSource();

        var request = client.GetAsync(cancellationToken: source.Token);
        await test.AdvanceAsync(TimeSpan.FromSeconds(0.5));
        await source.CancelAsync();

        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        Assert.Equal(source.Token, thrown.CancellationToken);
        Assert.Equal(TimeSpan.FromSeconds(0.5), test.Time.Elapsed);
        Assert.True(Assert.Single(stub.Contents).IsDisposed);
    });

    [Fact]
    public void A_synchronous_request_is_sent_and_retried_synchronously()
    {
        var stub = StubHandler.Of(HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK);
        using var client = HandlerTest.Options(options => options.Retry = options.Retry with { Backoff = Backoff.None })
            .Over(stub);

        using var response = client.Send(new HttpRequestMessage(HttpMethod.Get, HandlerTest.Address), default);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(2, stub.Requests.Count);
    }
}
