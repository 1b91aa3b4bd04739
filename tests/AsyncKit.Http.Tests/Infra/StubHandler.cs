namespace AsyncKit.Http.Tests;

/// <summary>A server without sockets: the test creates the responses, and the stub records the requests.</summary>
internal sealed class StubHandler(Func<HttpRequestMessage, int, CancellationToken, Task<HttpResponseMessage>> respond)
    : HttpMessageHandler
{
    private readonly Lock _lock = new();
    private readonly List<StubRequest> _requests = [];
    private int _inside;

    public IReadOnlyList<StubRequest> Requests => _requests;

    /// <summary>The maximum number of concurrent requests.</summary>
    public int Peak { get; private set; }

    public List<StubContent> Contents { get; } = [];

    /// <summary>Returns each status in turn, and the last one forever.</summary>
    public static StubHandler Of(params HttpStatusCode[] statuses)
    {
        StubHandler? stub = null;
        return stub = new StubHandler((_, number, _) =>
            Task.FromResult(stub!.Response(statuses[Math.Min(number, statuses.Length) - 1])));
    }

    public HttpResponseMessage Response(HttpStatusCode status, string text = "text")
    {
        var content = new StubContent(text);
        lock (_lock)
        {
            Contents.Add(content);
        }

        return new HttpResponseMessage(status) { Content = content };
    }

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is null ? null : await request.Content.ReadAsStringAsync(cancellationToken);
        int number;
        lock (_lock)
        {
            _requests.Add(new(request.Method, request.RequestUri!, request.Headers.Authorization?.Parameter, body));
            Peak = Math.Max(Peak, ++_inside);
            number = _requests.Count;
        }

        try
        {
            var response = await respond(request, number, cancellationToken);
            response.RequestMessage = request;
            return response;
        }
        finally
        {
            lock (_lock)
            {
                _inside--;
            }
        }
    }

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var thread = Environment.CurrentManagedThreadId;
        var response = SendAsync(request, cancellationToken);
        Assert.True(response.IsCompleted, "A stub for synchronous requests must not wait.");
        Assert.Equal(thread, Environment.CurrentManagedThreadId);
#pragma warning disable VSTHRD002 // The task is completed.
        return response.GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
    }
}
