namespace AsyncKit.Http.Tests;

public sealed class HandlerTimeoutTests : IClassFixture<NothingLeftBehind>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    [Fact]
    public void An_attempt_timeout_is_retried_even_if_the_options_exclude_timeouts() =>
        HandlerTest.Run(async test =>
        {
            StubHandler? stub = null;
            stub = new StubHandler(async (_, number, token) =>
            {
                await Task.Delay(number == 1 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(1), test.Time, token);
                return stub!.Response(HttpStatusCode.OK);
            });
            using var client = HandlerTest.Options(options => options.Retry = options.Retry with
            {
                AttemptTimeout = Limit,
                ShouldRetry = _ => false,
            }).Over(stub);

            using var response = await client.GetAsync();

            Assert.Equal(2, stub.Requests.Count);
            Assert.Equal(TimeSpan.FromSeconds(12), test.Time.Elapsed); // The timeout, the delay and the second attempt.
        });

    [Fact]
    public void A_timeout_of_the_last_attempt_names_the_limit_and_the_address_without_its_query() =>
        HandlerTest.Run(async test =>
        {
            using var client = HandlerTest.Options(options => options.Retry = options.Retry with
            {
                MaxAttempts = 1,
                AttemptTimeout = Limit,
            }).Over(Hanging(test));

            var thrown = await Assert.ThrowsAnyAsync<TimeoutException>(() => client.GetAsync());

            Assert.Equal(
                "GET http://one.example/a: no response arrived within AttemptTimeout (10 s).", thrown.Message);
        });

    [Fact]
    public void The_attempt_timeout_excludes_the_wait_for_the_hosts_limits() => HandlerTest.Run(async test =>
    {
        StubHandler? stub = null;
        stub = new StubHandler(async (_, _, token) =>
        {
            await Task.Delay(TimeSpan.FromSeconds(8), test.Time, token);
            return stub!.Response(HttpStatusCode.OK);
        });
        using var client = HandlerTest.Options(options =>
        {
            options.MaxConcurrencyPerHost = 1;
            options.Retry = options.Retry with { AttemptTimeout = Limit, TotalTimeout = Limit };
        }).Over(stub);

        var requests = Enumerable.Range(0, 4).Select(async _ =>
        {
            using var response = await client.GetAsync();
            return response.StatusCode;
        }).ToArray();

        Assert.Equal(Enumerable.Repeat(HttpStatusCode.OK, 4), await Task.WhenAll(requests));
        Assert.Equal(TimeSpan.FromSeconds(32), test.Time.Elapsed);
        Assert.Equal(4, stub.Requests.Count);
    });

    [Fact]
    public void The_total_timeout_stops_an_attempt_and_the_message_names_it() => HandlerTest.Run(async test =>
    {
        using var client = HandlerTest.Options(options => options.Retry = options.Retry with
        {
            AttemptTimeout = Limit,
            TotalTimeout = TimeSpan.FromSeconds(15),
        }).Over(Hanging(test));

        var thrown = await Assert.ThrowsAnyAsync<TimeoutException>(() => client.GetAsync());

        Assert.Contains("15", thrown.Message, StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromSeconds(15), test.Time.Elapsed);
    });

    [Fact]
    public void A_response_that_stops_sending_bytes_fails_with_a_TimeoutException() => HandlerTest.Run(async test =>
    {
        var stub = new StubHandler((_, _, _) => Task.FromResult(new HttpResponseMessage
        {
            Content = new StreamContent(new StallingStream("some"u8.ToArray(), test.Time)),
        }));
        using var client = HandlerTest.Options(options => options.ReadIdleTimeout = Limit).Over(stub);

        using var response = await client.GetAsync();
        using var stream = await response.Content.ReadAsStreamAsync();
        Assert.Equal(4, await stream.ReadAsync(new byte[10]));
        var thrown = await Assert.ThrowsAsync<TimeoutException>(async () => _ = await stream.ReadAsync(new byte[10]));

        Assert.Equal(
            "GET http://one.example/a: no bytes of the response arrived within ReadIdleTimeout (10 s).", thrown.Message);
        Assert.Equal(Limit, test.Time.Elapsed);
    });

    [Fact]
    public async Task Request_content_gets_a_token_that_no_later_request_can_cancel()
    {
        List<CancellationToken> tokens = [];
        StubHandler? stub = null;
        stub = new StubHandler((_, _, token) =>
        {
            tokens.Add(token);
            return Task.FromResult(stub!.Response(HttpStatusCode.OK));
        });
        using var client = HandlerTest.Options(options => options.Retry = options.Retry with { AttemptTimeout = Limit })
            .Over(stub);

        (await client.GetAsync()).Dispose();
        using var response = await client.SendAsync(
            new HttpRequestMessage(HttpMethod.Post, HandlerTest.Address) { Content = new StringContent("x") }, default);
        (await client.GetAsync()).Dispose();

        Assert.Equal(tokens[0], tokens[2]); // The deadline reuses its token.
        Assert.NotEqual(tokens[0], tokens[1]);
    }

    [Fact]
    public void A_timeout_of_the_inner_handler_passes_unchanged_and_reaches_ShouldRetry() => HandlerTest.Run(async _ =>
    {
        var timeout = new TimeoutException("From the inner handler.", new OperationCanceledException());
        using var client = HandlerTest.Options(options => options.Retry = options.Retry with
        {
            AttemptTimeout = Limit,
            ShouldRetry = _ => false,
        }).Over(new StubHandler((_, _, _) => throw timeout));

        Assert.Same(timeout, await Assert.ThrowsAsync<TimeoutException>(() => client.GetAsync()));
        Assert.Equal(1, timeout.Data["AsyncKit.Attempts"]);
    });

    [Fact]
    public void A_total_timeout_of_zero_releases_the_permit() => HandlerTest.Run(async _ =>
    {
        using var client = HandlerTest.Options(options =>
        {
            options.MaxConcurrencyPerHost = 1;
            options.Retry = options.Retry with { TotalTimeout = TimeSpan.Zero };
        }).Over(StubHandler.Of(HttpStatusCode.OK));

        await Assert.ThrowsAsync<TimeoutException>(() => client.GetAsync());
        await Assert.ThrowsAsync<TimeoutException>(() => client.GetAsync());
    });

    [Fact]
    public void A_cancelled_request_throws_with_the_callers_token() => HandlerTest.Run(async test =>
    {
        using var client = HandlerTest.Options(options => options.Retry = options.Retry with { AttemptTimeout = Limit })
            .Over(Hanging(test));
        using var source = new CancellationTokenSource();

        var request = client.GetAsync(cancellationToken: source.Token);
        await test.AdvanceAsync(TimeSpan.FromSeconds(1));
        await source.CancelAsync();

        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        Assert.Equal(source.Token, thrown.CancellationToken);
        Assert.Equal(TimeSpan.FromSeconds(1), test.Time.Elapsed);
    });

    private static StubHandler Hanging(AsyncTestContext test) => new(async (_, _, token) =>
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, test.Time, token);
        throw new InvalidOperationException("The request hangs.");
    });
}
