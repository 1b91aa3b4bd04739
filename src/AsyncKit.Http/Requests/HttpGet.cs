using System.Runtime.CompilerServices;

namespace AsyncKit.Http;

/// <summary>The operation of a bulk GET: sends one request and reads its response.</summary>
/// <typeparam name="T">The type of the addresses: <see cref="Uri"/> or string.</typeparam>
/// <typeparam name="TResult">The type of the results.</typeparam>
internal sealed class HttpGet<T, TResult>
{
    private readonly HttpClient _client;
    private readonly HttpFanOutOptions _options;
    private readonly Func<T, Uri?> _addressOf;
    private readonly Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>> _read;
    private readonly ResponseReader<TResult>? _reader;
    private readonly ContentLimits _limits;

    public HttpGet(
        HttpClient client,
        object uris,
        HttpFanOutOptions options,
        Func<T, Uri?> addressOf,
        Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>> read)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(uris);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(read);
        (_client, _options, _addressOf, _read) = (client, options, addressOf, read);
        _reader = read.Target as ResponseReader<TResult>;
        var fanOut = options.FanOut;
        _limits = Limits(null);
        if (fanOut.Retry is { } retry)
        {
            fanOut = fanOut with { Retry = RetryAfter.AsDefaultHint(retry) };
        }

        FanOut = options.MaxConcurrencyPerHost is not { } perHost ? fanOut
            : fanOut.Partition is null ? fanOut with { Partition = FanOutPartition.By<T, HostKey>(HostOf, perHost) }
            : throw new ArgumentException(
                $"MaxConcurrencyPerHost ({perHost}) and FanOut.Partition must not be set together.", nameof(options));
    }

    public FanOutOptions FanOut { get; }

    public ValueTask<TResult> RunAsync(T address, CancellationToken token)
    {
        var startedAt = _limits.Start();
        var request = new HttpRequestMessage(HttpMethod.Get, AddressOf(address))
        {
            Version = _client.DefaultRequestVersion,
            VersionPolicy = _client.DefaultVersionPolicy,
        };
        try
        {
            _options.ConfigureRequest?.Invoke(request);
        }
        catch (Exception)
        {
            request.Dispose();
            throw;
        }

        return SendAsync(request, startedAt, token);
    }

    /// <summary>Sends the request and reads the response. This is the only async method that waits if the body arrives with
    /// the headers, as the body of a small response does.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<TResult> SendAsync(HttpRequestMessage request, long startedAt, CancellationToken token)
    {
        HttpResponseMessage? response = null;
        try
        {
            response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token).NoContext();
            return await ReadAsync(request, response, startedAt, token).NoContext();
        }
        catch (Exception exception)
        {
            if (Named(exception, request, isUserCode: response is not null && _reader is null, token) is { } named)
            {
                throw named;
            }

            throw;
        }
        finally
        {
            response?.Dispose();
            request.Dispose();
        }
    }

    private ValueTask<TResult> ReadAsync(
        HttpRequestMessage request, HttpResponseMessage response, long startedAt, CancellationToken token)
    {
        if (_options.OnErrorStatus == HttpErrorStatus.Throw && !response.IsSuccessStatusCode)
        {
            throw RetryAfter.Failure(response, AsyncEnvironment.Clock(FanOut.TimeProvider));
        }

        var scope = new ResponseScope(request, LimitsOf(request), startedAt);
        LimitedContent.CheckLength(response, scope);
        if (_reader is not null && LimitedContent.OpensAtOnce(response.Content))
        {
            return _reader.ReadAsync(response, scope, token);
        }

        if (scope.Limits.HasAny || !BodyLength.IsChecked(response))
        {
            LimitedContent.Apply(response, scope);
        }

        return _read(response, token);
    }

    /// <summary>Returns the exception to throw instead, which names the request; null if the exception stays.</summary>
    private Exception? Named(Exception exception, HttpRequestMessage request, bool isUserCode, CancellationToken token) =>
        exception is OperationCanceledException cancelled && IsTimeoutOfClient(cancelled, token)
            ? new TimeoutException(
                $"{UriText.Of(request)}: no response arrived within HttpClient.Timeout ({TimeText.Of(_client.Timeout)}).", exception)
            : SafeFailure.Named(exception, request, isUserCode);

    /// <summary>Returns true for the exception with which <see cref="HttpClient"/> reports its own timeout.</summary>
    private bool IsTimeoutOfClient(OperationCanceledException exception, CancellationToken token) =>
        exception.InnerException is TimeoutException
        && exception.Message.Contains("HttpClient.Timeout", StringComparison.Ordinal) // Another handler may have its own.
        && _client.Timeout != Timeout.InfiniteTimeSpan
        && !token.IsCancellationRequested;

    private ContentLimits LimitsOf(HttpRequestMessage request) =>
        _options.ConfigureRequest is not null // Otherwise reading the request's options would allocate them.
        && HttpRequestTimeouts.Of(request) is { } timeouts
            ? Limits(timeouts)
            : _limits;

    /// <summary>Returns the limits of the response. <see cref="HttpClient.Timeout"/> ends with the headers, since the
    /// client does not buffer the response, so it is applied to the response here.</summary>
    private ContentLimits Limits(TimeoutOverride? timeouts) => new(
        _options.MaxResponseBytes,
        HttpLimits.Limit(timeouts?.ReadIdle ?? _options.ReadIdleTimeout, _options.FanOut.Name, _options.FanOut.TimeProvider),
        timeouts?.Total ?? _client.Timeout,
        timeouts?.Total is null ? "HttpClient.Timeout" : "the totalTimeout of SetTimeouts",
        _options.FanOut.TimeProvider);

    private Uri? AddressOf(T address) => _addressOf(address) ?? (address is string text
        ? throw new UriFormatException($"'{UriText.Of(text)}' is not a valid address.")
        : null);

    /// <summary>Returns the host of an address; a relative address belongs to the client's base address.</summary>
    private HostKey HostOf(T address)
    {
        var uri = _addressOf(address);
        return HostKey.Of(
            uri is { IsAbsoluteUri: false } && _client.BaseAddress is { } root && Uri.TryCreate(root, uri, out var absolute)
                ? absolute
                : uri);
    }
}
