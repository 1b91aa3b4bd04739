using System.Threading.RateLimiting;

namespace AsyncKit.Http.Tests;

public sealed class HandlerLimitTests : IClassFixture<NothingLeftBehind>
{
    private static readonly Uri Slow = new("http://slow.example/");

    [Fact]
    public void Never_more_than_the_limit_to_one_host_and_the_limit_is_reached() => HandlerTest.Run(async test =>
    {
        var stub = Answering(test, TimeSpan.FromSeconds(1));
        using var client = HandlerTest.Options(options => options.MaxConcurrencyPerHost = 3).Over(stub);

        await Task.WhenAll(Enumerable.Range(0, 10).Select(async _ =>
        {
            using var response = await client.GetAsync();
        }));

        Assert.Equal(3, stub.Peak);
        Assert.Equal(TimeSpan.FromSeconds(4), test.Time.Elapsed);
    });

    [Fact]
    public void A_request_waits_for_the_limits_of_its_own_host_only() => HandlerTest.Run(async test =>
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
        var stub = Answering(test, TimeSpan.FromSeconds(1));
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
    public void A_place_is_free_again_when_the_response_has_been_read_to_its_end_or_is_disposed(string how) =>
        HandlerTest.Run(async test =>
        {
            var stub = Answering(test, TimeSpan.Zero);
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
#pragma warning disable VSTHRD103 // The subject.
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
    public void A_place_is_free_again_when_reading_fails() => HandlerTest.Run(async _ =>
    {
        var stub = new StubHandler((_, _, _) =>
            Task.FromResult(new HttpResponseMessage { Content = new StreamContent(new FailingStream()) }));
        using var client = HandlerTest.Options(options => options.MaxConcurrencyPerHost = 1).Over(stub);

        var first = await client.GetAsync();
        var stream = await first.Content.ReadAsStreamAsync();
        await Assert.ThrowsAsync<IOException>(() => stream.ReadAsync(new byte[1]).AsTask());

        using var second = await client.GetAsync();
        first.Dispose();
    });

    [Fact]
    public void A_place_is_free_while_a_retry_waits() => HandlerTest.Run(async test =>
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
    public void A_cancelled_wait_for_a_place_takes_none() => HandlerTest.Run(async test =>
    {
        var stub = Answering(test, TimeSpan.Zero);
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
    public async Task A_response_that_is_dropped_gives_its_place_back_when_it_is_collected()
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
    public void The_start_rate_of_a_host_is_asked_once_for_each_attempt_and_waited_for() => HandlerTest.Run(async test =>
    {
        Dictionary<string, ScriptedLimiter> limiters = [];
        var stub = StubHandler.Of(HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK);
        var client = HandlerTest.Options(options => options.StartRatePerHost = host =>
            limiters[host] = new ScriptedLimiter(refusals: 1, TimeSpan.FromSeconds(3))).Over(stub);

        using (await client.GetAsync())
        {
            Assert.Equal("http://one.example:80", Assert.Single(limiters).Key);
            Assert.Equal((3, 2, 2), (limiters.Values.Single().Asked, limiters.Values.Single().Granted, limiters.Values.Single().Returned));
            Assert.Equal(TimeSpan.FromSeconds(4), test.Time.Elapsed); // Refused once, then a retry.
        }

        client.Dispose();
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_adaptive_limit_sinks_when_attempts_take_too_long(bool isBelow) => HandlerTest.Run(async test =>
    {
        var stub = new StubHandler(async (_, _, token) =>
        {
            await Task.Delay(isBelow ? TimeSpan.FromSeconds(1) : Timeout.InfiniteTimeSpan, test.Time, token);
            throw new TimeoutException("of a handler below");
        });
        using var client = HandlerTest.Options(options =>
        {
            options.AdaptiveLimitPerHost = new AdaptiveLimit(1, 8) { Start = 4, DecreaseTo = 0.5 };
            options.Retry = new RetryOptions
            {
                MaxAttempts = 1,
                AttemptTimeout = isBelow ? TimeSpan.FromSeconds(9) : TimeSpan.FromSeconds(1),
            };
        }).Over(stub);

        await RequestsAsync(4);
        Assert.Equal(TimeSpan.FromSeconds(1), test.Time.Elapsed);
        await RequestsAsync(4);

        Assert.True(test.Time.Elapsed > TimeSpan.FromSeconds(2), $"{test.Time.Elapsed}");

        Task RequestsAsync(int count) => Task.WhenAll(Enumerable.Range(0, count).Select(
            _ => Assert.ThrowsAnyAsync<TimeoutException>(() => client.GetAsync())));
    });

    [Fact]
    public void An_adaptive_limit_sinks_when_the_host_says_that_it_is_too_much() => HandlerTest.Run(async test =>
    {
        var stub = Answering(test, TimeSpan.FromSeconds(1), HttpStatusCode.TooManyRequests);
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
    public void A_failure_of_the_host_itself_says_nothing_about_its_limit() => HandlerTest.Run(async test =>
    {
        var stub = Answering(test, TimeSpan.FromSeconds(1), HttpStatusCode.InternalServerError);
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
    public void A_place_is_left_once_however_often_its_response_is_disposed() => HandlerTest.Run(async test =>
    {
        var handler = new AsyncKitHttpHandler(
            HandlerTest.Options(options => options.MaxConcurrencyPerHost = 2), Answering(test, TimeSpan.Zero));
        using var client = new HttpMessageInvoker(handler);

        var first = await client.GetAsync();
        using var second = await client.GetAsync();
        Assert.Equal("text", await first.Content.ReadAsStringAsync());
        first.Dispose();
        first.Dispose();

        Assert.Equal(1, handler.HostCount); // That of the second.
        using var third = await client.GetAsync();
        var fourth = client.GetAsync();
        await test.RunUntilIdleAsync();
        Assert.False(fourth.IsCompleted);

        second.Dispose();
        using var last = await fourth;
    });

    [Fact]
    public void Hosts_that_are_not_used_any_more_are_forgotten() => HandlerTest.Run(async _ =>
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
    public async Task Hosts_with_a_state_are_forgotten_when_there_are_too_many_and_their_limiters_disposed()
    {
        List<DisposedLimiter> limiters = [];
        var handler = new AsyncKitHttpHandler(
            HandlerTest.Options(options => options.StartRatePerHost = _ =>
            {
                limiters.Add(new DisposedLimiter());
                return limiters[^1];
            }),
            StubHandler.Of(HttpStatusCode.OK));
        var client = new HttpMessageInvoker(handler);

        for (var number = 0; number < HostTable.MaxIdle + 10; number++)
        {
            using var response = await client.GetAsync(new Uri($"http://host{number}.example/"));
        }

        Assert.Equal(HostTable.MaxIdle, handler.HostCount);
        Assert.Equal(10, limiters.TakeWhile(limiter => limiter.IsDisposed).Count());
        Assert.Equal(10, limiters.Count(limiter => limiter.IsDisposed));

        client.Dispose();
        Assert.All(limiters, limiter => Assert.True(limiter.IsDisposed));
        Assert.Equal(0, handler.HostCount);
    }

    [Fact]
    public void Two_limits_for_one_host_are_refused()
    {
        var options = new AsyncKitHttpOptions { MaxConcurrencyPerHost = 3, AdaptiveLimitPerHost = new AdaptiveLimit(1, 2) };

        var thrown = Assert.Throws<ArgumentException>(() => new AsyncKitHttpHandler(options));

        Assert.Contains("MaxConcurrencyPerHost (3)", thrown.Message, StringComparison.Ordinal);
    }

    private static StubHandler Answering(
        AsyncTestContext test, TimeSpan after, HttpStatusCode status = HttpStatusCode.OK)
    {
        StubHandler? stub = null;
        return stub = new StubHandler(async (_, _, token) =>
        {
            await Task.Delay(after, test.Time, token);
            return stub!.Response(status);
        });
    }

    private sealed class FailingStream : MemoryStream
    {
        public override bool CanSeek => false; // Its length is not known.

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new IOException("reset");
    }

    private sealed class DisposedLimiter : RateLimiter
    {
        public bool IsDisposed { get; private set; }

        public override TimeSpan? IdleDuration => null;

        public override RateLimiterStatistics? GetStatistics() => null;

        protected override RateLimitLease AttemptAcquireCore(int permitCount) => throw new NotSupportedException();

        protected override ValueTask<RateLimitLease> AcquireAsyncCore(int permitCount, CancellationToken cancellationToken) =>
            new(new ScriptedLimiter().AcquireAsync(1, cancellationToken).AsTask());

        protected override void Dispose(bool disposing)
        {
            IsDisposed = true;
            base.Dispose(disposing);
        }
    }
}
