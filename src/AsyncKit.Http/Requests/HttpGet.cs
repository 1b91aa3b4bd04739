using System.Runtime.CompilerServices;

namespace AsyncKit.Http;

/// <summary>The operation of a bulk GET: sends one request and reads its response.</summary>
internal sealed class HttpGet<TResult>
{
    private readonly HttpClient _client;
    private readonly HttpFanOutOptions _options;
    private readonly Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>> _read;
    private readonly DeadlineOptions? _idle;

    public HttpGet(
        HttpClient client,
        object uris,
        HttpFanOutOptions options,
        Func<HttpResponseMessage, CancellationToken, ValueTask<TResult>> read)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(uris);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(read);
        (_client, _options, _read) = (client, options, read);
        var fanOut = options.FanOut;
        _idle = HttpLimits.Limit(options.ReadIdleTimeout, fanOut.Name, fanOut.TimeProvider);
        if (fanOut.Retry is { } retry)
        {
            fanOut = fanOut with { Retry = RetryAfter.AsDefaultHint(retry) };
        }

        FanOut = options.MaxConcurrencyPerHost is not { } perHost ? fanOut
            : fanOut.Partition is null ? fanOut with { Partition = FanOutPartition.By<Uri, HostKey>(HostOf, perHost) }
            : throw new ArgumentException(
                $"MaxConcurrencyPerHost ({perHost}) and FanOut.Partition must not be set together.", nameof(options));
    }

    public FanOutOptions FanOut { get; }

    public static HttpFanOutOptions With(int maxConcurrency) =>
        new() { FanOut = new FanOutOptions { MaxConcurrency = maxConcurrency } };

    /// <summary>Returns the host of an address; a relative address belongs to the client's base address.</summary>
    private HostKey HostOf(Uri uri) => HostKey.Of(
        uri is { IsAbsoluteUri: false } && _client.BaseAddress is { } root && Uri.TryCreate(root, uri, out var absolute)
            ? absolute
            : uri);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<TResult> RunAsync(Uri uri, CancellationToken token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, uri)
        {
            Version = _client.DefaultRequestVersion,
            VersionPolicy = _client.DefaultVersionPolicy,
        };
        _options.ConfigureRequest?.Invoke(request);
        using var response =
            await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token).NoContext();
        if (_options.OnErrorStatus == HttpErrorStatus.Throw && !response.IsSuccessStatusCode)
        {
            throw RetryAfter.Failure(response, AsyncEnvironment.Clock(FanOut.TimeProvider));
        }

        if (_idle is not null || _options.MaxResponseBytes < long.MaxValue)
        {
            LimitedContent.Apply(response, new(request, _options.MaxResponseBytes, _idle, Lease: null));
        }

        return await _read(response, token).NoContext();
    }
}
