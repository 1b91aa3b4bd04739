namespace AsyncKit.Http;

/// <summary>Adds limits per host, retries and timeouts to the requests of an <see cref="HttpClient"/>.</summary>
/// <remarks>
/// <list type="bullet">
/// <item>A request is retried only if its method is idempotent or the request allows it, and its content is the same
/// bytes again. Any other request is sent once.</item>
/// <item>Content in memory, and JSON of up to 1 MiB, is the same bytes again. JSON is serialized once, and its bytes are
/// repeated, even if a value can be enumerated once only. A stream and longer JSON are sent once.</item>
/// <item>Every request ends: the total timeout covers the headers and the body, however the body is read, synchronously
/// or not. <see cref="HttpRequestTimeouts.SetTimeouts"/> is the exception for one request.</item>
/// <item>The attempt timeout excludes the wait for the host's limits.</item>
/// <item>A request waits only for the limits of its host.</item>
/// <item>A request holds the permit of its host until the response is read to the end or disposed. It holds none while
/// it waits for a retry.</item>
/// <item>A retry honors the server's Retry-After up to MaxDelayHint. If the header asks for more, the caller receives
/// the response.</item>
/// <item>A response that is retried is disposed before the wait. After the last attempt, the caller receives the last
/// response.</item>
/// <item>A retry restores the address, method, content and credentials of the caller's request, even after a
/// redirect.</item>
/// <item>A response that stops sending bytes fails with a TimeoutException. Every timeout names its option and the
/// value.</item>
/// <item>A response whose Content-Length header is invalid fails, and is not retried. A body that differs from its
/// Content-Length fails, in HTTP/2 too.</item>
/// <item>Control characters of a server do not reach a message or the log.</item>
/// <item>Inner handlers and the callbacks of the options run without the caller's SynchronizationContext.</item>
/// </list>
/// Place it before a handler that connects, such as <see cref="SocketsHttpHandler"/>. Connections, redirects, cookies,
/// proxies and certificates stay the responsibility of that handler. <see cref="HttpClient.Timeout"/> includes the wait
/// for the limits. Set it to <see cref="Timeout.InfiniteTimeSpan"/>, as
/// <see cref="AsyncKitHttpClientBuilderExtensions.AddAsyncKit(Microsoft.Extensions.DependencyInjection.IHttpClientBuilder, Action{AsyncKitHttpOptions})">AddAsyncKit</see> does.
/// <para>
/// Cost: a few objects per request, none per read of the response. A synchronous Send blocks its thread while it waits
/// for a limit or a retry.
/// </para>
/// Thread-safe: one handler serves all requests of a client.
/// </remarks>
/// <example>
/// <code>
/// using var handler = new AsyncKitHttpHandler(
///     new AsyncKitHttpOptions { MaxConcurrencyPerHost = 16 }, new SocketsHttpHandler());
/// using var client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
/// </code>
/// </example>
public sealed class AsyncKitHttpHandler : DelegatingHandler
{
    private readonly HttpPolicy _policy;
    private readonly bool _isOwner;

    /// <summary>Creates a handler whose <see cref="DelegatingHandler.InnerHandler"/> is set later, for example by a
    /// factory.</summary>
    /// <param name="options">The options of the handler. Do not change them afterwards.</param>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentException">The options contain two limits for a host.</exception>
    public AsyncKitHttpHandler(AsyncKitHttpOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _policy = new HttpPolicy(options, name: null, logger: null);
        _isOwner = true;
    }

    /// <summary>Creates a handler that passes its requests to another handler.</summary>
    /// <param name="options">The options of the handler. Do not change them afterwards.</param>
    /// <param name="innerHandler">The handler that sends the requests. It is disposed together with this one.</param>
    /// <exception cref="ArgumentNullException">A parameter is null.</exception>
    /// <exception cref="ArgumentException">The options contain two limits for a host.</exception>
    public AsyncKitHttpHandler(AsyncKitHttpOptions options, HttpMessageHandler innerHandler)
        : this(options)
    {
        ArgumentNullException.ThrowIfNull(innerHandler);
        InnerHandler = innerHandler;
    }

    internal AsyncKitHttpHandler(HttpPolicy policy) => _policy = policy;

    internal int HostCount => _policy.HostCount;

    internal ValueTask<HttpResponseMessage> SendToInnerAsync(
        HttpRequestMessage request, SendMode mode, CancellationToken token) =>
        mode == SendMode.Async ? new(base.SendAsync(request, token)) : new(base.Send(request, token));

    /// <inheritdoc/>
    protected override Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return new HttpCall(_policy, this, request, SendMode.Async).RunAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
#pragma warning disable VSTHRD002 // Send is synchronous by contract; it sends synchronously, too.
        var call = new Task<Task<HttpResponseMessage>>(
            () => new HttpCall(_policy, this, request, SendMode.Blocking).RunAsync(cancellationToken));
        call.RunSynchronously(TaskScheduler.Default); // A retry must not wait for the scheduler that this call blocks.
        return call.Result.GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && _isOwner)
        {
            _policy.Dispose();
        }

        base.Dispose(disposing);
    }
}
