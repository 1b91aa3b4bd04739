using System.Net;
using Microsoft.Extensions.Logging;

namespace AsyncKit.Http;

/// <summary>What a client's options come to, built once: shared by all its handlers, also those that the factory makes anew,
/// so that a host has one limit.</summary>
internal sealed class HttpPolicy : IDisposable
{
    private readonly AsyncKitHttpOptions _options;
    private readonly HostTable _hosts;
    private readonly RetryOptions _retried;
    private readonly RetryOptions _once;
    private readonly DeadlineOptions? _readIdle;

    public HttpPolicy(AsyncKitHttpOptions options, string? name, ILogger? logger)
    {
        options.Check();
        _options = options;
        _hosts = new HostTable(options);
        var given = options.Retry;
        _retried = given with
        {
            AttemptTimeout = null, // Its clock starts after the wait for the host, in the attempt.
            Name = given.Name ?? name,
            Logger = given.Logger ?? logger,
            DelayHint = given.DelayHint ?? RetryAfter.Of,
            ShouldRetry = exception => exception is HttpAttemptTimeoutException or RetryableResponseException || given.ShouldRetry(exception),
            OnRetry = attempt =>
            {
                (attempt.Exception as RetryableResponseException)?.Drop();
                given.OnRetry?.Invoke(attempt);
            },
        };
        _once = _retried with { MaxAttempts = 1 };
        Clock = AsyncEnvironment.Clock(given.TimeProvider);
        AttemptLimit = HttpLimits.Limit(given.AttemptTimeout, _retried.Name, given.TimeProvider);
        _readIdle = HttpLimits.Limit(options.ReadIdleTimeout, _retried.Name, given.TimeProvider);
    }

    public TimeProvider Clock { get; }

    public DeadlineOptions? AttemptLimit { get; }

    public int HostCount => _hosts.Count;

    public RetryOptions RetryOf(bool mayRetry) => mayRetry ? _retried : _once;

    public bool MayRetry(HttpRequestMessage request) =>
        _options.Retry.MaxAttempts > 1
        && HttpRequestRetry.Of(request) switch
        {
            HttpRetry.Allowed => true,
            HttpRetry.Never => false,
            _ => _options.RetriedMethods.Contains(request.Method),
        }
        && RepeatableContent.Is(request.Content);

    public async ValueTask<HostLease?> EnterAsync(HttpRequestMessage request, CancellationToken token) =>
        _hosts.HasLimits
            ? await _hosts.EnterAsync(HostKey.Of(request.RequestUri), Clock, token).NoContext()
            : null;

    public void Watch(HttpResponseMessage response, HostLease? place)
    {
        if (place is not null || _readIdle is not null)
        {
            LimitedContent.Watch(response, new(response.RequestMessage, long.MaxValue, _readIdle, place));
        }
    }

    /// <summary>Whether there are bytes to wait for. A connection that was handed over, to a web socket for example, is no
    /// response that is read: its stream is also written to.</summary>
    public static bool HasContent(HttpResponseMessage response, HttpMethod method) =>
        method != HttpMethod.Head
        && method != HttpMethod.Connect
        && response.StatusCode is not (
            HttpStatusCode.SwitchingProtocols or HttpStatusCode.NoContent or HttpStatusCode.NotModified)
        && response.Content.Headers.ContentLength != 0;

    /// <summary>Null for a response that the caller gets.</summary>
    public RetryableResponseException? Reject(HttpResponseMessage response)
    {
        if (response.StatusCode < HttpStatusCode.BadRequest)
        {
            return null;
        }

        var rejected = new RetryableResponseException(response, Clock);
        return _options.Retry.ShouldRetry(rejected) ? rejected : null;
    }

    /// <summary>What the host's limit learns.</summary>
    public static GateSignal SignalOf(HttpStatusCode status) => status switch
    {
        HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable => GateSignal.Throttled,
        >= HttpStatusCode.InternalServerError => GateSignal.Ignored,
        _ => GateSignal.Success,
    };

    public void Dispose() => _hosts.Dispose();
}
