namespace AsyncKit.Http;

/// <summary>Limits for each host, retries and timeouts around the requests of an <see cref="HttpClient"/>.</summary>
/// <remarks>
/// <list type="bullet">
/// <item>A request is sent again only if its method says that this does no harm, or the request does, and its content can be
/// read again. Any other is sent once, whatever happens.</item>
/// <item>The attempt timeout begins after the wait for the host's limits.</item>
/// <item>A request waits for the limits of its own host only.</item>
/// <item>A place at a host is free again when the response has been read to its end or is disposed, and while a retry
/// waits.</item>
/// <item>A server's Retry-After is honoured up to the cap; above it, the response is given back.</item>
/// <item>A response that is tried again is disposed first. When there is no further attempt, the last response is given
/// back.</item>
/// <item>A retry begins with the address, the method, the content and the credentials that the caller has given,
/// wherever a redirect had led.</item>
/// <item>A response whose bytes do not come any more ends with a TimeoutException.</item>
/// </list>
/// It goes on top of a handler that connects, such as <see cref="SocketsHttpHandler"/>; connections, redirects, cookies,
/// proxies and certificates stay that handler's business. One handler is for all requests of a client, from any thread.
/// <see cref="HttpClient.Timeout"/> counts the wait for the limits as well: better set it to
/// <see cref="Timeout.InfiniteTimeSpan"/>, as <see cref="AsyncKitHttpClientBuilderExtensions.AddAsyncKit"/> does.
/// Cost: some objects a request, and for each read of the response nothing. A synchronous Send blocks its thread also
/// while it waits.
/// </remarks>
public sealed class AsyncKitHttpHandler : DelegatingHandler
{
    private readonly HttpPolicy _policy;
    private readonly bool _isOwner;

    /// <summary>A handler whose <see cref="DelegatingHandler.InnerHandler"/> is set later, or by a factory.</summary>
    /// <param name="options">What to do; not to be changed afterwards.</param>
    /// <exception cref="ArgumentNullException">The options are null.</exception>
    /// <exception cref="ArgumentException">The options have two limits for a host.</exception>
    public AsyncKitHttpHandler(AsyncKitHttpOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _policy = new HttpPolicy(options, name: null, logger: null);
        _isOwner = true;
    }

    /// <summary>A handler before another.</summary>
    /// <param name="options">What to do; not to be changed afterwards.</param>
    /// <param name="innerHandler">Sends the requests; disposed together with this one.</param>
    /// <exception cref="ArgumentNullException">A parameter is null.</exception>
    /// <exception cref="ArgumentException">The options have two limits for a host.</exception>
    public AsyncKitHttpHandler(AsyncKitHttpOptions options, HttpMessageHandler innerHandler)
        : this(options)
    {
        ArgumentNullException.ThrowIfNull(innerHandler);
        InnerHandler = innerHandler;
    }

    internal AsyncKitHttpHandler(HttpPolicy policy) => _policy = policy;

    internal int HostCount => _policy.HostCount;

    internal ValueTask<HttpResponseMessage> NextAsync(
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
#pragma warning disable VSTHRD002 // Who calls Send wants to block; the requests themselves are sent synchronously.
        return new HttpCall(_policy, this, request, SendMode.Blocking).RunAsync(cancellationToken).GetAwaiter().GetResult();
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
