namespace AsyncKit.Http.Tests;

/// <summary>Tests how long each kind of response holds its permit.</summary>
public sealed class HandlerContentTests : IClassFixture<NothingLeftBehind>
{
    public static TheoryData<string, HttpStatusCode, bool> Empty() => new()
    {
        { "HEAD", HttpStatusCode.OK, true },
        { "GET", HttpStatusCode.NoContent, true },
        { "GET", HttpStatusCode.NotModified, true },
        { "GET", HttpStatusCode.SwitchingProtocols, true },
        { "CONNECT", HttpStatusCode.OK, true },
        { "GET", HttpStatusCode.OK, false },
    };

    [Theory]
    [MemberData(nameof(Empty))]
    public void A_response_without_content_or_with_an_upgraded_connection_holds_no_permit(
        string method, HttpStatusCode status, bool hasBytes) => HandlerTest.Run(async _ =>
    {
        StubHandler? stub = null;
        stub = new StubHandler((_, _, _) => Task.FromResult(stub!.Response(status, hasBytes ? "text" : "")));
        using var client = Limited().Over(stub);

        using var first = await SendAsync();
        using var second = await SendAsync();

        Assert.Same(stub.Contents[0], first.Content);

        Task<HttpResponseMessage> SendAsync()
        {
            var request = new HttpRequestMessage(HttpMethod.Parse(method), HandlerTest.Address);
            request.Headers.Upgrade.ParseAdd("websocket");
            return client.SendAsync(request, default);
        }
    });

    [Theory]
    [InlineData("GET", HttpStatusCode.SwitchingProtocols, "1.1", null)]
    [InlineData("CONNECT", HttpStatusCode.BadGateway, "1.1", null)]
    [InlineData("HEAD", HttpStatusCode.OK, "2.0", null)]
    [InlineData("GET", HttpStatusCode.NoContent, "2.0", null)]
    [InlineData("GET", HttpStatusCode.NotModified, "2.0", null)]
    [InlineData("GET", HttpStatusCode.OK, "2.0", 0L)]
    public void A_response_that_claims_to_be_empty_but_does_not_end_is_limited(
        string method, HttpStatusCode status, string version, long? length) => HandlerTest.Run(async test =>
    {
        var stub = new StubHandler((_, _, _) =>
        {
            var response = new HttpResponseMessage(status)
            {
                Version = Version.Parse(version),
                Content = new StreamContent(new StallingStream([], test.Time)),
            };
            response.Content.Headers.ContentLength = length;
            return Task.FromResult(response);
        });
        using var client = Limited().Over(stub);
        using var request = new HttpRequestMessage(HttpMethod.Parse(method), HandlerTest.Address);

        using var response = await client.SendAsync(request, default);
        var thrown = await Assert.ThrowsAsync<TimeoutException>(() => response.Content.ReadAsByteArrayAsync());

        Assert.Contains("ReadIdleTimeout", thrown.Message, StringComparison.Ordinal);
        using var second = await client.GetAsync();
    });

    [Fact]
    public void A_read_with_a_cancelled_token_keeps_the_permit_and_loses_no_bytes() => HandlerTest.Run(async test =>
    {
        using var client = Limited().Over(StubHandler.Of(HttpStatusCode.OK));
        using var source = new CancellationTokenSource();
        await source.CancelAsync();

        var first = await client.GetAsync();
        var stream = await first.Content.ReadAsStreamAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stream.ReadAsync(new byte[4], source.Token).AsTask());
        var second = client.GetAsync();
        await test.RunUntilIdleAsync();

        Assert.False(second.IsCompleted);
        Assert.Equal(4, await stream.ReadAsync(new byte[9]));
        first.Dispose();
        using var response = await second;
    });

    [Theory]
    [InlineData("read")]
    [InlineData("read without a limit")]
    [InlineData("read synchronously")]
    [InlineData("dispose")]
    [InlineData("dispose asynchronously")]
    [InlineData("dispose the response")]
    public void A_permit_is_released_when_the_stream_throws(string where) => HandlerTest.Run(async _ =>
    {
        var isThrowing = true;
        var stub = new StubHandler((_, number, _) => Task.FromResult(new HttpResponseMessage
        {
            Content = new StreamContent(number == 1 ? new ThrowingStream(() => isThrowing) : new MemoryStream()),
        }));
        using var client = Limited(where.EndsWith("limit", StringComparison.Ordinal)).Over(stub);

        var first = await client.GetAsync();
        var stream = await first.Content.ReadAsStreamAsync();
        await Assert.ThrowsAsync<IOException>(async () =>
        {
            switch (where)
            {
#pragma warning disable VSTHRD103 // The synchronous call is the subject of the test.
                case "read synchronously":
                    Assert.Equal(-1, stream.Read(new byte[1]));
                    break;
                case "dispose":
                    stream.Dispose();
                    break;
#pragma warning restore VSTHRD103
                case "dispose asynchronously":
                    await stream.DisposeAsync();
                    break;
                case "dispose the response":
                    first.Dispose();
                    break;
                default:
                    Assert.Equal(-1, await stream.ReadAsync(new byte[1]));
                    break;
            }
        });

        using var second = await client.GetAsync();
        isThrowing = false;
        first.Dispose();
    });

    [Fact]
    public void A_permit_is_released_when_the_response_stalls() => HandlerTest.Run(async test =>
    {
        var stub = new StubHandler((_, _, _) => Task.FromResult(new HttpResponseMessage
        {
            Content = new StreamContent(new StallingStream("some"u8.ToArray(), test.Time)),
        }));
        using var client = Limited().Over(stub);

        using var first = await client.GetAsync();
        var stream = await first.Content.ReadAsStreamAsync();
        Assert.Equal(4, await stream.ReadAsync(new byte[9]));
        await Assert.ThrowsAsync<TimeoutException>(() => stream.ReadAsync(new byte[1]).AsTask());

        using var second = await client.GetAsync();
    });

    [Fact]
    public void A_timeout_of_the_stream_itself_passes_unchanged() => HandlerTest.Run(async _ =>
    {
        var timeout = new TimeoutException("From the stream.");
        var stub = new StubHandler((_, _, _) => Task.FromResult(new HttpResponseMessage
        {
            Content = new StreamContent(new ThrowingStream(() => true, timeout)),
        }));
        using var client = Limited().Over(stub);

        var response = await client.GetAsync();
        var stream = await response.Content.ReadAsStreamAsync();

        Assert.Same(timeout, await Assert.ThrowsAsync<TimeoutException>(() => stream.ReadAsync(new byte[1]).AsTask()));
    });

    [Fact]
    public void Disposing_a_stream_disposes_the_inner_stream() => HandlerTest.Run(async _ =>
    {
        var inner = new MemoryStream();
        var stub = new StubHandler((_, _, _) => Task.FromResult(new HttpResponseMessage { Content = new UnownedContent(inner) }));
        using var client = Limited().Over(stub);

        var response = await client.GetAsync();
#pragma warning disable VSTHRD103 // The synchronous call is the subject of the test.
        (await response.Content.ReadAsStreamAsync()).Dispose();
#pragma warning restore VSTHRD103

        Assert.False(inner.CanRead);
        response.Dispose();
    });

    [Fact]
    public void The_content_keeps_the_headers_of_the_response() => HandlerTest.Run(async _ =>
    {
        var stub = new StubHandler((_, _, _) =>
        {
            var content = new StringContent("text");
            content.Headers.TryAddWithoutValidation("Content-Language", ["de", "no"]);
            content.Headers.TryAddWithoutValidation("Expires", "not a date");
            return Task.FromResult(new HttpResponseMessage { Content = content });
        });
        using var client = Limited().Over(stub);

        using var response = await client.GetAsync();

        Assert.Equal("text/plain; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.Equal(["de", "no"], response.Content.Headers.ContentLanguage);
        Assert.Equal("not a date", Assert.Single(response.Content.Headers.NonValidated["Expires"]));
        Assert.Equal(4, response.Content.Headers.ContentLength);
        Assert.Equal("text", await response.Content.ReadAsStringAsync());
    });

    private static AsyncKitHttpOptions Limited(bool isWithoutReadLimit = false) => HandlerTest.Options(options =>
    {
        options.MaxConcurrencyPerHost = 1;
        options.ReadIdleTimeout = isWithoutReadLimit ? Timeout.InfiniteTimeSpan : options.ReadIdleTimeout;
    });

    /// <summary>Throws from every member.</summary>
    private sealed class ThrowingStream(Func<bool> isThrowing, Exception? exception = null) : UnseekableStream([])
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw exception ?? new IOException("reset");

        public override int Read(Span<byte> buffer) => throw new IOException("reset");

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            throw new IOException("reset");
        }

        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            if (isThrowing())
            {
                throw new IOException("reset");
            }
        }
    }

    /// <summary>Content that does not own its stream, unlike StreamContent.</summary>
    private sealed class UnownedContent(Stream stream) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            throw new NotSupportedException();

        protected override Task<Stream> CreateContentReadStreamAsync() => Task.FromResult(stream);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
