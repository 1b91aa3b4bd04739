using System.Net.Http.Json;
using System.Text.Json;

namespace AsyncKit.Http.Tests;

/// <summary>Tests that every request ends, with every way to read its response.</summary>
public sealed class ResponseTimeoutTests : IClassFixture<NothingLeftBehind>
{
    private const string TotalMessage =
        "GET http://one.example/a: the response did not complete within TotalTimeout (10 s).";

    private const string IdleMessage =
        "GET http://one.example/a: no bytes of the response arrived within ReadIdleTimeout (30 s).";

    private static readonly TimeSpan Total = TimeSpan.FromSeconds(10);

    public static TheoryData<string> AsyncReads() =>
        ["buffered by HttpClient", "string", "bytes", "stream", "array", "copy", "copy of the content", "buffer", "json"];

    public static TheoryData<string> BlockingReads() => ["buffered by HttpClient", "stream", "byte", "copy", "copy of the content"];

    [Theory]
    [MemberData(nameof(AsyncReads))]
    public void The_total_timeout_ends_a_body_without_an_end(string how) => HandlerTest.Run(async test =>
    {
        using var client = Client(test.Time, () => new StreamContent(new DripStream(test.Time)));

        var thrown = await Assert.ThrowsAsync<TimeoutException>(() => ReadAsync(client, how));

        Assert.Equal(TotalMessage, thrown.Message);
        Assert.Equal(Total, test.Time.Elapsed);
    });

    [Theory]
    [MemberData(nameof(BlockingReads))]
    public async Task The_total_timeout_ends_a_blocked_synchronous_read(string how)
    {
        var time = new VirtualTime();
        using var body = new BlockingStream();
        using var client = Client(time, () => new StreamContent(body), readIdle: Timeout.InfiniteTimeSpan);

        var reading = Task.Run(() => Read(client, how));
        await body.Blocked;
        time.Advance(Total);

        Assert.Equal(TotalMessage, (await Assert.ThrowsAsync<TimeoutException>(() => reading).OrHangs()).Message);
        Assert.Equal(0, time.PendingTimers);
    }

    [Theory]
    [MemberData(nameof(BlockingReads))]
    public async Task The_idle_timeout_ends_a_blocked_synchronous_read(string how)
    {
        var time = new VirtualTime();
        using var body = new BlockingStream(bytes: 2) { OnRead = () => time.Advance(TimeSpan.FromSeconds(20)) };
        using var client = Client(time, () => new StreamContent(body), total: TimeSpan.FromHours(1));

        var reading = Task.Run(() => Read(client, how));
        await body.Blocked;
        time.Advance(TimeSpan.FromSeconds(29)); // The bytes before took longer together, but each of them was in time.
        Assert.False(reading.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(IdleMessage, (await Assert.ThrowsAsync<TimeoutException>(() => reading).OrHangs()).Message);
        Assert.Equal(0, time.PendingTimers);
    }

    [Fact]
    public async Task A_synchronous_read_after_the_timeout_fails_again()
    {
        var time = new VirtualTime();
        using var body = new BlockingStream();
        using var client = Client(time, () => new StreamContent(body));
        using var response = await client.GetAsync(HandlerTest.Address, HttpCompletionOption.ResponseHeadersRead);
        using var stream = await response.Content.ReadAsStreamAsync();

        var reading = Task.Run(stream.ReadByte);
        await body.Blocked;
        time.Advance(Total);

        Assert.Equal(TotalMessage, (await Assert.ThrowsAsync<TimeoutException>(() => reading).OrHangs()).Message);
        Assert.Equal(TotalMessage, Assert.Throws<TimeoutException>(() => stream.ReadByte()).Message);
    }

    [Fact]
    public void A_read_that_starts_after_the_total_timeout_fails_at_once() => HandlerTest.Run(async test =>
    {
        using var client = Client(test.Time, () => new StringContent("text"));
        using var response = await client.GetAsync(HandlerTest.Address, HttpCompletionOption.ResponseHeadersRead);
        await using var stream = await response.Content.ReadAsStreamAsync();

        await Task.Delay(Total, test.Time);

        var thrown = await Assert.ThrowsAsync<TimeoutException>(() => stream.ReadAsync(new byte[9]).AsTask());
        Assert.Equal(TotalMessage, thrown.Message);
#pragma warning disable VSTHRD103 // The synchronous call is the subject of the test.
        Assert.Equal(TotalMessage, Assert.Throws<TimeoutException>(() => stream.ReadByte()).Message);
#pragma warning restore VSTHRD103
    });

    [Fact]
    public void A_complete_response_stays_readable_after_the_total_timeout() => HandlerTest.Run(async test =>
    {
        using var client = Client(test.Time, () => new StringContent("text"));
        using var response = await client.GetAsync(HandlerTest.Address, HttpCompletionOption.ResponseHeadersRead);
        await using var stream = await response.Content.ReadAsStreamAsync();
        Assert.Equal(4, await stream.ReadAsync(new byte[9]));
        Assert.Equal(0, await stream.ReadAsync(new byte[9]));

        await Task.Delay(Total, test.Time);

        Assert.Equal(0, await stream.ReadAsync(new byte[9]));
#pragma warning disable VSTHRD103 // The synchronous call is the subject of the test.
        Assert.Equal(-1, stream.ReadByte());
#pragma warning restore VSTHRD103
    });

    [Fact]
    public void The_total_timeout_covers_headers_retries_and_body_together() => HandlerTest.Run(async test =>
    {
        var stub = new StubHandler(async (_, number, token) =>
        {
            await Task.Delay(TimeSpan.FromSeconds(3), test.Time, token);
            return new HttpResponseMessage(number == 1 ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.OK)
            {
                Content = new StreamContent(new DripStream(test.Time)),
            };
        });
        using var client = Client(test.Time, stub);

        var thrown = await Assert.ThrowsAsync<TimeoutException>(() => client.GetStringAsync(HandlerTest.Address));

        Assert.Equal(TotalMessage, thrown.Message);
        Assert.Equal(2, stub.Requests.Count);
        Assert.Equal(Total, test.Time.Elapsed); // 3 s, the delay of 1 s, 3 s, and the rest for the body.
    });

    [Fact]
    public void A_total_timeout_before_the_headers_names_the_option() => HandlerTest.Run(async test =>
    {
        using var client = Client(test.Time, new StubHandler(async (_, _, token) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, test.Time, token);
            return new HttpResponseMessage();
        }));

        var thrown = await Assert.ThrowsAsync<TimeoutException>(() => client.GetStringAsync(HandlerTest.Address));

        Assert.Equal("GET http://one.example/a: no response arrived within TotalTimeout (10 s).", thrown.Message);
        Assert.Equal(1, thrown.Data["AsyncKit.Attempts"]);
    });

    [Fact]
    public void The_total_timeout_limits_content_that_produces_its_bytes_while_it_is_opened() =>
        HandlerTest.Run(async test =>
        {
            using var client = Client(
                test.Time, () => new OpeningContent(token => Task.Delay(Timeout.InfiniteTimeSpan, test.Time, token)));

            var thrown = await Assert.ThrowsAsync<TimeoutException>(() => client.GetStringAsync(HandlerTest.Address));

            Assert.Equal(TotalMessage, thrown.Message);
        });

    [Fact]
    public async Task The_total_timeout_limits_content_that_blocks_while_it_is_opened()
    {
        var time = new VirtualTime();
        using var body = new BlockingStream();
        using var content = new OpeningContent(_ => Task.CompletedTask, () => body.ReadByte());
        using var client = Client(time, () => new OwningContent(content, body));
        using var response = await client.GetAsync(HandlerTest.Address, HttpCompletionOption.ResponseHeadersRead);

        var reading = Task.Run(() => response.Content.ReadAsStream());
        await body.Blocked;
        time.Advance(Total);

        Assert.Equal(TotalMessage, (await Assert.ThrowsAsync<TimeoutException>(() => reading).OrHangs()).Message);
    }

    [Fact]
    public void SetTimeouts_lets_a_stream_of_events_run_longer_than_the_total_timeout() => HandlerTest.Run(async test =>
    {
        using var client = Client(test.Time, () => new StreamContent(new DripStream(test.Time)));
        using var request = new HttpRequestMessage(HttpMethod.Get, HandlerTest.Address);
        request.SetTimeouts(totalTimeout: Timeout.InfiniteTimeSpan);

        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await using var stream = await response.Content.ReadAsStreamAsync();
        await stream.ReadExactlyAsync(new byte[100]);

        Assert.Equal(TimeSpan.FromSeconds(100), test.Time.Elapsed);
    });

    [Theory]
    [InlineData("attempt", "GET http://one.example/a: no response arrived within AttemptTimeout (3 s).")]
    [InlineData("total", "GET http://one.example/a: no response arrived within TotalTimeout (3 s).")]
    [InlineData("idle", "GET http://one.example/a: no bytes of the response arrived within ReadIdleTimeout (3 s).")]
    [InlineData("body", "GET http://one.example/a: the response did not complete within TotalTimeout (3 s).")]
    public void SetTimeouts_replaces_each_timeout_of_the_client(string which, string message) => HandlerTest.Run(async test =>
    {
        var limit = TimeSpan.FromSeconds(3);
        using var client = Client(test.Time, new StubHandler(async (_, _, token) =>
        {
            if (which is "attempt" or "total")
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, test.Time, token);
            }

            return new HttpResponseMessage
            {
                Content = new StreamContent(which is "idle" ? new StallingStream("x"u8.ToArray(), test.Time) : new DripStream(test.Time)),
            };
        }));
        using var request = new HttpRequestMessage(HttpMethod.Get, HandlerTest.Address);
        request.SetRetry(HttpRetry.Never).SetTimeouts(
            which is "attempt" ? limit : null, which is "total" or "body" ? limit : null, which is "idle" ? limit : null);

        var thrown = await Assert.ThrowsAnyAsync<TimeoutException>(() => client.SendAsync(request));

        Assert.Equal(message, thrown.Message);
        Assert.Equal(limit, test.Time.Elapsed);
    });

    [Fact]
    public void A_second_SetTimeouts_changes_only_what_it_gives()
    {
        using var request = new HttpRequestMessage();

        request.SetTimeouts(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3))
            .SetTimeouts(totalTimeout: TimeSpan.FromSeconds(4));

        Assert.Equal(
            new TimeoutOverride
            {
                Attempt = TimeSpan.FromSeconds(1),
                Total = TimeSpan.FromSeconds(4),
                ReadIdle = TimeSpan.FromSeconds(3),
            },
            HttpRequestTimeouts.Of(request));
    }

    [Fact]
    public void SetTimeouts_checks_its_arguments()
    {
        using var request = new HttpRequestMessage();
        var negative = TimeSpan.FromSeconds(-1);

        Assert.Throws<ArgumentNullException>("request", () => HttpRequestTimeouts.SetTimeouts(null!));
        Assert.Throws<ArgumentOutOfRangeException>("attemptTimeout", () => request.SetTimeouts(negative));
        Assert.Throws<ArgumentOutOfRangeException>("totalTimeout", () => request.SetTimeouts(totalTimeout: negative));
        Assert.Throws<ArgumentOutOfRangeException>("readIdleTimeout", () => request.SetTimeouts(readIdleTimeout: negative));
    }

    [Fact]
    public void A_download_over_the_handler_may_take_longer_than_its_total_timeout() => HandlerTest.Run(async test =>
    {
        using var folder = new TempFolder();
        var body = new byte[100];
        using var client = Client(test.Time, () => new StreamContent(new SlowStream(body, test.Time)));

        var result = await client.DownloadAsync(
            HandlerTest.Address, folder["a.bin"], new DownloadOptions { TimeProvider = test.Time });

        Assert.Equal((body.Length, 1), (result.Length, result.Attempts));
        Assert.True(test.Time.Elapsed >= TimeSpan.FromSeconds(100));
    });

    [Fact]
    public void A_download_over_the_handler_keeps_its_limits_until_the_headers_arrive() => HandlerTest.Run(async test =>
    {
        using var folder = new TempFolder();
        using var client = Client(test.Time, new StubHandler(async (_, _, token) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, test.Time, token);
            return new HttpResponseMessage();
        }));
        var once = new DownloadOptions { TimeProvider = test.Time, Retry = new RetryOptions { MaxAttempts = 1 } };

        var thrown = await Assert.ThrowsAsync<TimeoutException>(
            () => client.DownloadAsync(HandlerTest.Address, folder["a.bin"], once));

        Assert.Contains("TotalTimeout (10 s)", thrown.Message, StringComparison.Ordinal);
    });

    [Theory]
    [InlineData("TotalTimeout", false)]
    [InlineData("TotalTimeout", true)]
    [InlineData("ReadIdleTimeout", false)]
    [InlineData("ReadIdleTimeout", true)]
    public async Task A_limit_ends_a_stalled_body_of_a_real_connection(string limit, bool isSynchronous)
    {
        await using var server = await FaultServer.StartAsync(_ => 100_000, (_, _) => Fault.Stall);
        var isTotal = limit is "TotalTimeout";
        var soon = TimeSpan.FromMilliseconds(200);
        using var client = new HttpClient(new AsyncKitHttpHandler(
            new AsyncKitHttpOptions
            {
                ReadIdleTimeout = isTotal ? Timeout.InfiniteTimeSpan : soon,
                Retry = new RetryOptions { MaxAttempts = 1, TotalTimeout = isTotal ? soon : null },
            },
            new SocketsHttpHandler()));
        using var request = new HttpRequestMessage(HttpMethod.Get, server.UriOf(1));

        var sending = isSynchronous ? Task.Run(() => client.Send(request)) : client.SendAsync(request);

        var thrown = await Assert.ThrowsAsync<TimeoutException>(() => sending).OrHangs();
        Assert.Contains($"{limit} (200 ms)", thrown.Message, StringComparison.Ordinal);
    }

    private static HttpClient Client(
        TimeProvider time, Func<HttpContent> content, TimeSpan? total = null, TimeSpan? readIdle = null) =>
        Client(
            time,
            new StubHandler((_, _, _) => Task.FromResult(new HttpResponseMessage { Content = content() })),
            total,
            readIdle);

    private static HttpClient Client(
        TimeProvider time, StubHandler stub, TimeSpan? total = null, TimeSpan? readIdle = null) =>
        new(new AsyncKitHttpHandler(
            HandlerTest.Options(options =>
            {
                options.ReadIdleTimeout = readIdle ?? options.ReadIdleTimeout;
                options.Retry = options.Retry with { TotalTimeout = total ?? Total, TimeProvider = time };
            }),
            stub))
        { Timeout = Timeout.InfiniteTimeSpan };

    private static async Task ReadAsync(HttpClient client, string how)
    {
        if (how is "buffered by HttpClient")
        {
            using var buffered = await client.GetAsync(HandlerTest.Address);
            return;
        }

        using var response = await client.GetAsync(HandlerTest.Address, HttpCompletionOption.ResponseHeadersRead);
        var content = response.Content;
        switch (how)
        {
            case "string":
                await content.ReadAsStringAsync();
                return;
            case "bytes":
                await content.ReadAsByteArrayAsync();
                return;
            case "copy of the content":
                await content.CopyToAsync(Stream.Null);
                return;
            case "buffer":
                await content.LoadIntoBufferAsync();
                return;
            case "json":
                await content.ReadFromJsonAsync<JsonElement>();
                return;
        }

        await using var stream = await content.ReadAsStreamAsync();
        switch (how)
        {
            case "copy":
                await stream.CopyToAsync(Stream.Null);
                return;
            case "array":
                while (await stream.ReadAsync(new byte[9].AsMemory()) > 0)
                {
                    // Reads on.
                }

                return;
            default:
                await stream.ReadExactlyAsync(new byte[1_000]);
                return;
        }
    }

    private static void Read(HttpClient client, string how)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, HandlerTest.Address);
        using var response = client.Send(request, how is "buffered by HttpClient"
            ? HttpCompletionOption.ResponseContentRead
            : HttpCompletionOption.ResponseHeadersRead);
        if (how is "copy of the content")
        {
            response.Content.CopyTo(Stream.Null, context: null, default);
        }

        using var stream = response.Content.ReadAsStream();
        switch (how)
        {
            case "copy":
                stream.CopyTo(Stream.Null);
                return;
            case "byte":
                while (stream.ReadByte() >= 0)
                {
                    // Reads on.
                }

                return;
            default:
                stream.ReadExactly(new byte[1_000]);
                return;
        }
    }

    /// <summary>A byte per second, up to an end.</summary>
    private sealed class SlowStream(byte[] bytes, TimeProvider time) : UnseekableStream(bytes)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), time, cancellationToken);
            return Read(buffer.Span[..1]);
        }
    }

    /// <summary>Content whose disposal closes the stream that it blocks on.</summary>
    private sealed class OwningContent(HttpContent content, Stream stream) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            content.CopyToAsync(stream, context);

        protected override Stream CreateContentReadStream(CancellationToken cancellationToken) =>
            content.ReadAsStream(cancellationToken);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        protected override void Dispose(bool disposing)
        {
            stream.Dispose();
            base.Dispose(disposing);
        }
    }
}
