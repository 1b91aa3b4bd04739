using System.Net;
using Microsoft.Extensions.Logging;

namespace AsyncKit.Http;

/// <summary>The validated options of a client, in the form its requests use. All handlers of the client share it, even
/// after the factory replaces them, so a host has one limit.</summary>
internal sealed class HttpPolicy : IDisposable
{
    private readonly AsyncKitHttpOptions _options;
    private readonly HostTable _hosts;
    private readonly RetryOptions _retry;
    private readonly RequestLimits _limits;
    private OverriddenLimits? _overridden;

    public HttpPolicy(AsyncKitHttpOptions options, string? name, ILogger? logger)
    {
        options.Check();
        _options = options;
        _hosts = new HostTable(options, name);
        var retry = RetryAfter.AsDefaultHint(options.Retry);
        _retry = retry with
        {
            AttemptTimeout = null, // It starts inside the attempt, after the wait for the host.
            Name = retry.Name ?? name,
            Logger = retry.Logger ?? logger,
            ShouldRetry = exception =>
                exception is HttpAttemptTimeoutException or RetryableResponseException || retry.ShouldRetry(exception),
            OnRetry = attempt =>
            {
                (attempt.Exception as RetryableResponseException)?.Drop();
                retry.OnRetry?.Invoke(attempt);
            },
        };
        Clock = AsyncEnvironment.Clock(retry.TimeProvider);
        _limits = new RequestLimits(_retry, retry.AttemptTimeout, options.ReadIdleTimeout);
    }

    public TimeProvider Clock { get; }

    public int HostCount => _hosts.Count;

    /// <summary>Returns the limits of a request. The latest ones with timeouts of a single request are kept: a program
    /// usually sets the same ones again.</summary>
    public RequestLimits LimitsOf(HttpRequestMessage request)
    {
        if (HttpRequestTimeouts.Of(request) is not { } timeouts)
        {
            return _limits;
        }

        var overridden = Volatile.Read(ref _overridden);
        if (overridden is null || overridden.Timeouts != timeouts)
        {
            overridden = new(
                timeouts, new(_retry, _options.Retry.AttemptTimeout, _options.ReadIdleTimeout, timeouts));
            Volatile.Write(ref _overridden, overridden);
        }

        return overridden.Limits;
    }

    public bool MayRetry(HttpRequestMessage request) =>
        _options.Retry.MaxAttempts > 1
        && HttpRequestRetry.Of(request) switch
        {
            HttpRetry.Allowed => true,
            HttpRetry.Never => false,
            _ => _options.RetriedMethods.Contains(request.Method),
        }
        && RepeatableContent.MayRepeat(request.Content);

    public async ValueTask<HostLease?> AcquireHostAsync(HttpRequestMessage request, CancellationToken token) =>
        _hosts.HasLimits
            ? await _hosts.AcquireAsync(HostKey.Of(request.RequestUri), Clock, token).NoContext()
            : null;

    /// <summary>Returns true for an upgraded connection, for example a web socket. Its stream is not wrapped: the caller
    /// also writes to it. A server that upgrades a request which did not ask for it gains nothing.</summary>
    public static bool IsUpgraded(HttpResponseMessage response, HttpRequestMessage request) =>
        response.StatusCode == HttpStatusCode.SwitchingProtocols
            ? request.Headers.Upgrade.Count > 0
            : request.Method == HttpMethod.Connect && response.StatusCode == HttpStatusCode.OK;

    /// <summary>Returns true if the response may have bytes to wait for.</summary>
    public static bool HasContent(HttpResponseMessage response, HttpMethod method) =>
        !IsBodyless(response, method)
        && (response.Content.Headers.ContentLength != 0 || response.Headers.TransferEncodingChunked == true);

    /// <summary>Returns true if the response has no body, although its headers may be those of one.</summary>
    public static bool IsBodyless(HttpResponseMessage response, HttpMethod? method) =>
        method == HttpMethod.Head
        || response.StatusCode is HttpStatusCode.NoContent or HttpStatusCode.NotModified;

    /// <summary>Returns true if the end of content depends on the headers alone. In HTTP/2 and later it depends on a
    /// flag that the server may never send.</summary>
    public static bool EndsWithHeaders(HttpResponseMessage response) => response.Version.Major < 2;

    /// <summary>Returns null for a response that the caller receives.</summary>
    public RetryableResponseException? AsRetryable(HttpResponseMessage response)
    {
        if (response.StatusCode < HttpStatusCode.BadRequest)
        {
            return null;
        }

        var retryable = new RetryableResponseException(response, Clock);
        return _options.Retry.ShouldRetry(retryable) ? retryable : null;
    }

    /// <summary>Returns the signal for the host's adaptive limit.</summary>
    public static GateSignal SignalOf(HttpStatusCode status) => status switch
    {
        HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable => GateSignal.Throttled,
        >= HttpStatusCode.InternalServerError => GateSignal.Ignored,
        _ => GateSignal.Success,
    };

    public void Dispose() => _hosts.Dispose();

    private sealed record OverriddenLimits(TimeoutOverride Timeouts, RequestLimits Limits);
}
