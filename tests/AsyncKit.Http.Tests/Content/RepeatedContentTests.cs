using System.Collections;
using System.Dynamic;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;

namespace AsyncKit.Http.Tests;

/// <summary>Tests that content is sent again only with the same bytes.</summary>
public sealed class RepeatedContentTests : IClassFixture<NothingLeftBehind>
{
    private static readonly Dictionary<string, Func<HttpContent>> Contents = new(StringComparer.Ordinal)
    {
        ["async sequence"] = () => JsonContent.Create(RowsAsync(3)),
        ["sequence that ends once"] = () => JsonContent.Create(new Once()),
        ["property with such a sequence"] = () => JsonContent.Create(new { Rows = new Once() }),
        ["property with an async sequence"] = () => JsonContent.Create(new { Rows = RowsAsync(3) }),
        ["list of such sequences"] = () => JsonContent.Create(new List<object> { new Once(), RowsAsync(2) }),
        ["JsonObject"] = () => JsonContent.Create(new JsonObject { ["a"] = 1 }),
        ["JsonArray"] = () => JsonContent.Create(new JsonArray(1, 2)),
        ["HashSet"] = () => JsonContent.Create(new HashSet<int> { 1, 2 }),
        ["ExpandoObject"] = () => JsonContent.Create(Expando()),
        ["object"] = () => JsonContent.Create(new { Name = "a" }),
        ["string"] = () => JsonContent.Create("a"),
        ["null"] = () => JsonContent.Create<object?>(null),
        ["text"] = () => new StringContent("text"),
        ["form"] = () => new FormUrlEncodedContent([new("a", "1")]),
        ["memory"] = () => new ReadOnlyMemoryContent("memory"u8.ToArray()),
        ["parts"] = () => new MultipartContent { new StringContent("text"), JsonContent.Create(RowsAsync(2)) },
        ["form of parts"] = () => new MultipartFormDataContent { { JsonContent.Create(new Once()), "rows" } },
        ["derived type that sends once"] = () => new DerivedContent(),
    };

    public static TheoryData<string> Names() => [.. Contents.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_retry_sends_the_same_bytes(string name)
    {
        using var content = Contents[name]();
        var server = new Server(_ => HttpStatusCode.ServiceUnavailable);
        using var client = Client(server);

        using var request = new HttpRequestMessage(HttpMethod.Put, HandlerTest.Address) { Content = content };
        using var response = await client.SendAsync(request, default);

        Assert.Equal(3, server.Bodies.Count);
        Assert.NotEmpty(server.Bodies[0]);
        Assert.All(server.Bodies, body => Assert.Equal(server.Bodies[0], body));
        Assert.Same(content, request.Content);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_retry_after_an_attempt_that_read_no_content_sends_it(string name)
    {
        using var content = Contents[name]();
        var server = new Server(number => number == 1 ? null : HttpStatusCode.OK);
        using var client = Client(server);

        using var response = await PutAsync(client, content);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.NotEmpty(Assert.Single(server.Bodies));
    }

    [Theory]
    [InlineData("property with such a sequence")]
    [InlineData("JsonObject")]
    [InlineData("object")]
    [InlineData("form of parts")]
    public async Task A_retry_after_a_connection_that_broke_in_the_content_sends_the_same_bytes(string name)
    {
        using var content = Contents[name]();
        var server = new Server(_ => HttpStatusCode.OK) { BreaksAfter = 2 };
        using var client = Client(server);

        using var response = await PutAsync(client, content);

        Assert.Equal(2, server.Bodies.Count);
        Assert.StartsWith(server.Bodies[0], server.Bodies[1], StringComparison.Ordinal);
        Assert.True(server.Bodies[1].Length > server.Bodies[0].Length);
    }

    [Fact]
    public async Task An_async_sequence_whose_connection_broke_is_sent_once()
    {
        using var content = JsonContent.Create(RowsAsync(100_000));
        var server = new Server(_ => HttpStatusCode.OK) { BreaksAfter = 20_000 };
        using var client = Client(server);

        var thrown = await Assert.ThrowsAsync<HttpRequestException>(() => PutAsync(client, content));

        Assert.Single(server.Bodies);
        Assert.Equal(1, thrown.Data["AsyncKit.Attempts"]);
    }

    [Theory]
    [InlineData(ReplayedContent.MaxBytes, 3)]
    [InlineData(ReplayedContent.MaxBytes + 1, 1)]
    public async Task Content_above_the_limit_is_sent_once_and_complete(int bytes, int attempts)
    {
        using var content = JsonContent.Create(new string('x', bytes - 2)); // Two quotes.
        var server = new Server(_ => HttpStatusCode.ServiceUnavailable);
        using var client = Client(server);

        using var response = await PutAsync(client, content);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(attempts, server.Bodies.Count);
        Assert.All(server.Bodies, body => Assert.Equal(bytes, body.Length));
    }

    /// <summary>A redirect asks for the content again, without another attempt.</summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Content_above_the_limit_is_redirected_only_if_it_is_the_same_bytes(bool isSame, bool isBlocking)
    {
        var text = new string('x', ReplayedContent.MaxBytes);
        using var content = isSame ? JsonContent.Create(text) : JsonContent.Create(new List<object> { text, new Once() });
        var server = new Server(_ => HttpStatusCode.OK);
        using var client = Client(new Redirect(server));
        using var request = new HttpRequestMessage(HttpMethod.Put, HandlerTest.Address) { Content = content };

        var failure = await Record.ExceptionAsync(() => isBlocking
            ? Task.Run(() => client.Send(request, default))
            : client.SendAsync(request, default)).OrHangs();

        Assert.Equal(isSame, failure is null);
        if (isSame)
        {
            Assert.Equal(server.Bodies[0], server.Bodies[1]);
        }
        else
        {
            Assert.Contains("not the same bytes again", $"{failure}", StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_long_async_sequence_is_sent_complete_and_once()
    {
        using var content = JsonContent.Create(RowsAsync(300_000));
        var server = new Server(_ => HttpStatusCode.ServiceUnavailable);
        using var client = Client(server);

        using var response = await PutAsync(client, content);

        var body = Assert.Single(server.Bodies);
        Assert.Equal(300_000, JsonNode.Parse(body)!.AsArray().Count);
    }

    [Fact]
    public async Task An_async_sequence_is_sent_while_it_is_produced()
    {
        var isReceived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var content = JsonContent.Create(WaitingAsync());
        var server = new Server(_ => HttpStatusCode.OK) { OnBytes = () => isReceived.TrySetResult() };
        using var client = Client(server);

        using var response = await PutAsync(client, content).OrHangs();

        Assert.Equal(20_001, JsonNode.Parse(Assert.Single(server.Bodies))!.AsArray().Count);

        async IAsyncEnumerable<int> WaitingAsync()
        {
            for (var i = 0; i < 20_000; i++)
            {
                yield return i;
            }

            await isReceived.Task;
            yield return -1;
        }
    }

    [Fact]
    public async Task A_synchronous_retry_sends_the_same_bytes()
    {
        using var content = JsonContent.Create(new { Rows = new Once() });
        var server = new Server(_ => HttpStatusCode.ServiceUnavailable);
        using var client = Client(server);

        using var response = await Task.Run(() => client.Send(
            new HttpRequestMessage(HttpMethod.Put, HandlerTest.Address) { Content = content }, default));

        Assert.Equal(3, server.Bodies.Count);
        Assert.All(server.Bodies, body => Assert.Equal("""{"rows":[1,2,3]}""", body));
    }

    [Fact]
    public async Task Content_that_fails_itself_is_not_retried()
    {
        using var content = JsonContent.Create(FailingAsync());
        var server = new Server(_ => HttpStatusCode.OK);
        using var client = Client(server);

        await Assert.ThrowsAsync<HttpRequestException>(() => PutAsync(client, content));

        Assert.Single(server.Bodies);

        static async IAsyncEnumerable<int> FailingAsync()
        {
            yield return 1;
            await Task.Yield();
            throw new HttpRequestException("The source failed.");
        }
    }

    [Fact]
    public async Task A_request_that_is_cancelled_in_the_queue_gets_its_content_back()
    {
        using var content = JsonContent.Create(1);
        using var source = new CancellationTokenSource();
        using var client = new HttpMessageInvoker(new AsyncKitHttpHandler(
            new AsyncKitHttpOptions { MaxConcurrencyPerHost = 1 }, StubHandler.Of(HttpStatusCode.OK)));
        using var first = await client.GetAsync();
        using var request = new HttpRequestMessage(HttpMethod.Put, HandlerTest.Address) { Content = content };

        var second = client.SendAsync(request, source.Token);
        Assert.NotSame(content, request.Content);
        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        Assert.Same(content, request.Content);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stream_is_sent_once(bool isPart)
    {
        HttpContent content = new StreamContent(new MemoryStream("text"u8.ToArray()));
        content = isPart ? new MultipartContent { content } : content;
        var server = new Server(_ => HttpStatusCode.ServiceUnavailable);
        using var client = Client(server);

        using var response = await PutAsync(client, content);

        Assert.Single(server.Bodies);
    }

    [Fact]
    public async Task The_inner_handler_sees_the_headers_of_the_content()
    {
        using var content = JsonContent.Create(new JsonObject());
        content.Headers.TryAddWithoutValidation("Content-Language", ["de", "no"]);
        var server = new Server(_ => HttpStatusCode.OK);
        using var client = Client(server);

        using var response = await PutAsync(client, content);

        Assert.Equal("Content-Type: application/json; charset=utf-8\nContent-Language: de, no", server.Headers);
    }

    private static HttpMessageInvoker Client(HttpMessageHandler server) => new(new AsyncKitHttpHandler(
        new AsyncKitHttpOptions { Retry = new RetryOptions { MaxAttempts = 3, Backoff = Backoff.None } }, server));

    private static Task<HttpResponseMessage> PutAsync(HttpMessageInvoker client, HttpContent content) =>
        client.SendAsync(new HttpRequestMessage(HttpMethod.Put, HandlerTest.Address) { Content = content }, default);

    private static async IAsyncEnumerable<int> RowsAsync(int count)
    {
        var rows = new Queue<int>(Enumerable.Range(0, count)); // A second enumeration would be another one.
        while (rows.TryDequeue(out var row))
        {
            await Task.Yield();
            yield return row;
        }
    }

    private static ExpandoObject Expando()
    {
        dynamic value = new ExpandoObject();
        value.Name = "a";
        return value;
    }

    /// <summary>Can be enumerated once, like the rows of a reader.</summary>
    private sealed class Once : IEnumerable<int>
    {
        private readonly Queue<int> _rows = new([1, 2, 3]);

        public IEnumerator<int> GetEnumerator()
        {
            while (_rows.TryDequeue(out var row))
            {
                yield return row;
            }
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }

    private sealed class DerivedContent() : ByteArrayContent([])
    {
        private readonly Queue<byte[]> _parts = new(["one"u8.ToArray(), "two"u8.ToArray()]);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            while (_parts.TryDequeue(out var part))
            {
                await stream.WriteAsync(part);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }

    private sealed class Redirect(HttpMessageHandler server) : DelegatingHandler(server)
    {
        protected override async Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellationToken)
        {
            using var redirect = await base.SendAsync(request, cancellationToken);
            return await base.SendAsync(request, cancellationToken);
        }

        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            using var redirect = base.Send(request, cancellationToken);
            return base.Send(request, cancellationToken);
        }
    }

    /// <summary>Reads the content as a connection does.</summary>
    /// <param name="status">The status by the number of the request; null to answer 503 without reading.</param>
    private sealed class Server(Func<int, HttpStatusCode?> status) : HttpMessageHandler
    {
        private int _requests;

        public List<string> Bodies { get; } = [];

        public string Headers { get; private set; } = "";

        /// <summary>The connection of the first request breaks after that many bytes.</summary>
        public int? BreaksAfter { get; init; }

        public Action? OnBytes { get; init; }

        protected override async Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var number = ++_requests;
            Headers = request.Content!.Headers.ToString().Trim().ReplaceLineEndings("\n");
            if (status(number) is not { } code)
            {
                return new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
            }

            using var body = new Connection(number == 1 ? BreaksAfter : null, OnBytes);
            try
            {
                await request.Content.CopyToAsync(body, cancellationToken);
            }
            catch (IOException exception)
            {
                throw new HttpRequestException("reset", exception);
            }
            finally
            {
                Bodies.Add(Encoding.UTF8.GetString(body.ToArray()));
            }

            return new HttpResponseMessage(code);
        }

        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            _requests++;
            using var body = new MemoryStream();
            request.Content!.CopyTo(body, context: null, cancellationToken);
            Bodies.Add(Encoding.UTF8.GetString(body.ToArray()));
            return new HttpResponseMessage(status(_requests)!.Value);
        }
    }

    private sealed class Connection(int? breaksAfter, Action? onBytes) : MemoryStream
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            onBytes?.Invoke();
            var left = (breaksAfter ?? int.MaxValue) - (int)Length;
            Write(buffer.Span[..Math.Min(left, buffer.Length)]);
            if (left < buffer.Length)
            {
                throw new IOException("reset");
            }
        }
    }
}
