namespace AsyncKit.Http.Tests;

public sealed class HandlerLimitTests : IClassFixture<NothingLeftBehind>
{
    private static readonly Uri Slow = new("http://slow.example/");

    [Fact]
    public void Concurrent_requests_to_a_host_reach_the_limit_and_never_exceed_it() => HandlerTest.Run(async test =>
    {
        var stub = Responding(test, TimeSpan.FromSeconds(1));
        using var client = HandlerTest.Options(options => options.MaxConcurrencyPerHost = 3).Over(stub);

        await Task.WhenAll(Enumerable.Range(0, 10).Select(async _ =>
        {
            using var response = await client.GetAsync();
        }));

        Assert.Equal(3, stub.Peak);
        Assert.Equal(TimeSpan.FromSeconds(4), test.Time.Elapsed);
    });

    [Fact]
    public void A_request_waits_only_for_the_limits_of_its_own_host() => HandlerTest.Run(async test =>
    {
        StubHandler? stub = null;
        stub = new StubHandler(async (request, _, token) =>
        {
            await Task.Delay(TimeSpan.FromSeconds(request.RequestUri == Slow ? 100 : 1), test.Time, token);
            return stub!.Response(HttpStatusCode.OK);
        });
        using var client = HandlerTest.Options(options => options.MaxConcurrencyPerHost = 1).Over(stub);

        var slow = Enumerable.Range(0, 3).Select(_ => client.GetAsync(Slow)).ToArray();
        await test.RunUntilIdleAsync();
        using (await client.GetAsync())
        {
            Assert.Equal(TimeSpan.FromSeconds(1), test.Time.Elapsed);
        }

        foreach (var request in slow)
        {
            using var response = await request;
        }
    });

    [Fact]
    public void Another_scheme_or_port_is_another_host() => HandlerTest.Run(async test =>
    {
        var stub = Responding(test, TimeSpan.FromSeconds(1));
        using var client = HandlerTest.Options(options => options.MaxConcurrencyPerHost = 1).Over(stub);
        Assert.Equal("http://[::1]:80", HostKey.Of(new Uri("http://[::1]/")).ToString());
        string[] hosts = ["http://a.example/1", "https://a.example/1", "http://a.example:81/1", "http://A.EXAMPLE/2"];

        await Task.WhenAll(hosts.Select(async host =>
        {
            using var response = await client.GetAsync(new Uri(host));
        }));

        Assert.Equal(TimeSpan.FromSeconds(2), test.Time.Elapsed);
    });

    [Theory]
    [InlineData("read")]
    [InlineData("copied")]
    [InlineData("response disposed")]
    [InlineData("stream disposed")]
    [InlineData("stream disposed asynchronously")]
    public void A_permit_is_released_when_the_response_is_read_to_the_end_or_disposed(string how) =>
        HandlerTest.Run(async test =>
        {
            var stub = Responding(test, TimeSpan.Zero);
            using var client = HandlerTest.Options(options => options.MaxConcurrencyPerHost = 1).Over(stub);

            var first = await client.GetAsync();
            var second = client.GetAsync();
            await test.RunUntilIdleAsync();
            Assert.False(second.IsCompleted);

            var stream = await first.Content.ReadAsStreamAsync();
            switch (how)
            {
                case "read":
                    Assert.Equal(4, await stream.ReadAsync(new byte[4]));
                    Assert.Equal(0, await stream.ReadAsync(Memory<byte>.Empty));
                    await test.RunUntilIdleAsync();
                    Assert.False(second.IsCompleted);
                    Assert.Equal(0, await stream.ReadAsync(new byte[4]));
                    break;
                case "copied":
                    await stream.CopyToAsync(Stream.Null);
                    break;
                case "response disposed":
                    first.Dispose();
                    break;
                case "stream disposed":
#pragma warning disable VSTHRD103 // Synchronous disposal is the subject of the test.
                    stream.Dispose();
#pragma warning restore VSTHRD103
                    break;
                default:
                    await stream.DisposeAsync();
                    break;
            }

            using var response = await second;
            first.Dispose();
            Assert.Equal("text", await response.Content.ReadAsStringAsync());
        });

    [Fact]
    public void A_request_holds_no_permit_while_it_waits_for_a_retry() => HandlerTest.Run(async test =>
    {
        StubHandler? stub = null;
        stub = new StubHandler((_, number, _) =>
            Task.FromResult(stub!.Response(number == 1 ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.OK)));
        using var client = HandlerTest.Options(options => options.MaxConcurrencyPerHost = 1).Over(stub);

        var retried = client.GetAsync();
        await test.RunUntilIdleAsync();
        using (await client.GetAsync())
        {
            Assert.Equal(TimeSpan.Zero, test.Time.Elapsed);
        }

        using var response = await retried;
        Assert.Equal(TimeSpan.FromSeconds(1), test.Time.Elapsed);
    });

    [Fact]
    public void A_cancelled_wait_takes_no_permit() => HandlerTest.Run(async test =>
    {
        var stub = Responding(test, TimeSpan.Zero);
        using var client = HandlerTest.Options(options => options.MaxConcurrencyPerHost = 1).Over(stub);
        using var source = new CancellationTokenSource();

        var first = await client.GetAsync();
        var second = client.GetAsync(cancellationToken: source.Token);
        await test.RunUntilIdleAsync();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        first.Dispose();

        using var third = await client.GetAsync();
        Assert.Equal(2, stub.Requests.Count);
    });

    [Fact]
    public async Task A_dropped_response_releases_its_permit_when_it_is_collected()
    {
        var stub = StubHandler.Of(HttpStatusCode.OK);
        using var client = HandlerTest.Options(options => options.MaxConcurrencyPerHost = 1).Over(stub);

        await DropAsync();
        stub.Contents.Clear();
        GC.Collect();
        GC.WaitForPendingFinalizers();

        using var response = await client.GetAsync().OrHangs();

        [MethodImpl(MethodImplOptions.NoInlining)]
        async Task DropAsync() => _ = await client.GetAsync();
    }

    [Fact]
    public void Each_attempt_waits_for_one_permit_of_the_start_rate() => HandlerTest.Run(async test =>
    {
        Dictionary<string, ScriptedLimiter> limiters = [];
        var stub = StubHandler.Of(HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK);
        var client = HandlerTest.Options(options => options.StartRatePerHost = host =>
            limiters[host] = new ScriptedLimiter(refusals: 1, TimeSpan.FromSeconds(3))).Over(stub);

        using (await client.GetAsync())
        {
            Assert.Equal("http://one.example:80", Assert.Single(limiters).Key);
            Assert.Equal((3, 2, 1), (limiters.Values.Single().Asked, limiters.Values.Single().Granted, limiters.Values.Single().Returned));
            Assert.Equal(TimeSpan.FromSeconds(4), test.Time.Elapsed); // Refused once, then a retry.
        }

        client.Dispose();
    });

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void An_adaptive_limit_decreases_when_attempts_time_out(bool isInner, bool isCancellation) => HandlerTest.Run(async test =>
    {
        var stub = new StubHandler(async (_, _, token) =>
        {
            await Task.Delay(isInner ? TimeSpan.FromSeconds(1) : Timeout.InfiniteTimeSpan, test.Time, token);
            var timeout = new TimeoutException("From the inner handler.");
            throw isCancellation ? new OperationCanceledException("slow", timeout) : timeout;
        });
        using var client = HandlerTest.Options(options =>
        {
            options.AdaptiveLimitPerHost = new AdaptiveLimit(1, 8) { Start = 4, DecreaseTo = 0.5 };
            options.Retry = new RetryOptions
            {
                MaxAttempts = 1,
                AttemptTimeout = isInner ? TimeSpan.FromSeconds(9) : TimeSpan.FromSeconds(1),
            };
        }).Over(stub);

        await RequestsAsync(4);
        Assert.Equal(TimeSpan.FromSeconds(1), test.Time.Elapsed);
        await RequestsAsync(4);

        Assert.True(test.Time.Elapsed > TimeSpan.FromSeconds(2), $"{test.Time.Elapsed}");

        Task RequestsAsync(int count) => Task.WhenAll(Enumerable.Range(0, count).Select(
            async _ => Assert.True(Transient.IsTransient((await Record.ExceptionAsync(() => client.GetAsync()))!))));
    });

    [Theory]
    [InlineData(HttpStatusCode.TooManyRequests)]
    [InlineData(HttpStatusCode.ServiceUnavailable)]
    public void An_adaptive_limit_decreases_when_the_host_is_busy(HttpStatusCode status) => HandlerTest.Run(async test =>
    {
        var stub = Responding(test, TimeSpan.FromSeconds(1), status);
        using var client = HandlerTest.Options(options =>
        {
            options.AdaptiveLimitPerHost = new AdaptiveLimit(1, 8) { Start = 4, DecreaseTo = 0.5 };
            options.Retry = new RetryOptions { MaxAttempts = 1 };
        }).Over(stub);

        await RequestsAsync(4);
        Assert.Equal(TimeSpan.FromSeconds(1), test.Time.Elapsed);
        await RequestsAsync(4);

        Assert.True(test.Time.Elapsed > TimeSpan.FromSeconds(2), $"{test.Time.Elapsed}");

        Task RequestsAsync(int count) => Task.WhenAll(Enumerable.Range(0, count).Select(async _ =>
        {
            using var response = await client.GetAsync();
        }));
    });

    [Fact]
    public void A_failure_of_the_host_does_not_change_its_adaptive_limit() => HandlerTest.Run(async test =>
    {
        var stub = Responding(test, TimeSpan.FromSeconds(1), HttpStatusCode.InternalServerError);
        using var client = HandlerTest.Options(options =>
        {
            options.AdaptiveLimitPerHost = new AdaptiveLimit(1, 8) { Start = 4, DecreaseTo = 0.5 };
            options.Retry = new RetryOptions { MaxAttempts = 1 };
        }).Over(stub);

        for (var round = 0; round < 3; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
            {
                using var response = await client.GetAsync();
            }));
        }

        Assert.Equal(TimeSpan.FromSeconds(3), test.Time.Elapsed);
    });

    [Fact]
    public void A_permit_is_released_once_even_if_the_response_is_disposed_twice() => HandlerTest.Run(async test =>
    {
        var handler = new AsyncKitHttpHandler(
            HandlerTest.Options(options => options.MaxConcurrencyPerHost = 2), Responding(test, TimeSpan.Zero));
        using var client = new HttpMessageInvoker(handler);

        var first = await client.GetAsync();
        using var second = await client.GetAsync();
        Assert.Equal("text", await first.Content.ReadAsStringAsync());
        first.Dispose();
        first.Dispose();

        Assert.Equal(1, handler.HostCount); // The host of the second response.
        using var third = await client.GetAsync();
        var fourth = client.GetAsync();
        await test.RunUntilIdleAsync();
        Assert.False(fourth.IsCompleted);

        second.Dispose();
        using var last = await fourth;
    });

    [Fact]
    public void Unused_hosts_are_removed() => HandlerTest.Run(async _ =>
    {
        var handler = new AsyncKitHttpHandler(
            HandlerTest.Options(options => options.MaxConcurrencyPerHost = 1), StubHandler.Of(HttpStatusCode.OK));
        using var client = new HttpMessageInvoker(handler);

        for (var number = 0; number < 100; number++)
        {
            using var response = await client.GetAsync(new Uri($"http://host{number}.example/"));
            Assert.Equal(1, handler.HostCount);
        }

        Assert.Equal(0, handler.HostCount);
    });

    [Fact]
    public async Task Excess_idle_hosts_are_removed_and_their_limiters_disposed()
    {
        List<CountingLimiter> limiters = [];
        var handler = new AsyncKitHttpHandler(
            HandlerTest.Options(options => options.StartRatePerHost = _ =>
            {
                limiters.Add(new CountingLimiter());
                return limiters[^1];
            }),
            StubHandler.Of(HttpStatusCode.OK));
        var client = new HttpMessageInvoker(handler);

        for (var number = 0; number < HostTable.MaxIdle + 10; number++)
        {
            using var response = await client.GetAsync(new Uri($"http://host{number}.example/"));
        }

        Assert.Equal(HostTable.MaxIdle, handler.HostCount);
        Assert.Equal(10, limiters.TakeWhile(limiter => limiter.Disposals > 0).Count());
        Assert.Equal(10, limiters.Count(limiter => limiter.Disposals > 0));

        client.Dispose();
        Assert.All(limiters, limiter => Assert.Equal(1, limiter.Disposals));
        Assert.Equal(0, handler.HostCount);
    }

    [Fact]
    public void Two_limits_for_one_host_throw()
    {
        var options = new AsyncKitHttpOptions { MaxConcurrencyPerHost = 3, AdaptiveLimitPerHost = new AdaptiveLimit(1, 2) };

        var thrown = Assert.Throws<ArgumentException>(() => new AsyncKitHttpHandler(options));

        Assert.Contains("MaxConcurrencyPerHost (3)", thrown.Message, StringComparison.Ordinal);
    }

    private static StubHandler Responding(
        AsyncTestContext test, TimeSpan after, HttpStatusCode status = HttpStatusCode.OK)
    {
        StubHandler? stub = null;
        return stub = new StubHandler(async (_, _, token) =>
        {
            await Task.Delay(after, test.Time, token);
            return stub!.Response(status);
        });
    }
}
