using System.Threading.RateLimiting;

namespace AsyncKit.Http;

/// <summary>Represents the options of <see cref="AsyncKitHttpHandler"/>. Validated when set. Do not change them after a
/// handler was created with them.</summary>
/// <remarks>A host is the combination of scheme, name and port.</remarks>
public sealed class AsyncKitHttpOptions
{
    private const int MostPerHost = 100_000;

    /// <summary>The maximum number of requests in flight to one host.</summary>
    /// <value>From 1 to 100,000. The default is null, which disables the limit. Cannot be combined with
    /// <see cref="AdaptiveLimitPerHost"/>.</value>
    /// <remarks>A request is in flight until its response is read to the end or disposed. A response without content,
    /// and one that upgrades its connection, for example to a web socket, releases its permit when the headers
    /// arrive.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the range.</exception>
    public int? MaxConcurrencyPerHost
    {
        get;
        set => field = Guards.InRange(value, 1, MostPerHost, nameof(MaxConcurrencyPerHost));
    }

    /// <summary>A limit per host that adapts to the load that the host supports: 429, 503 and timeouts lower it,
    /// successes raise it.</summary>
    /// <value>The default is null, which disables the limit.</value>
    public AdaptiveLimit? AdaptiveLimitPerHost { get; set; }

    /// <summary>A function that creates the rate limiter of a host. Each attempt acquires one permit before it starts,
    /// and waits if the limiter refuses.</summary>
    /// <value>The default is null, which disables the limit. The function receives the host, for example
    /// <c>https://example.org:443</c>, and must return a new limiter each time.</value>
    /// <remarks>Concurrent first requests to a host may create a second limiter, which is disposed. The handler
    /// disposes a limiter with itself, or after its host was idle for long. A lease is held until the content of the
    /// response is read or the response is disposed, so a <see cref="ConcurrencyLimiter"/> limits the requests in
    /// flight.</remarks>
    public Func<string, RateLimiter>? StartRatePerHost { get; set; }

    /// <summary>The retries and timeouts of requests.</summary>
    /// <value>Not null. The default is up to 4 attempts, with 30 s for each and 2 minutes for all.</value>
    /// <remarks>
    /// <list type="bullet">
    /// <item><see cref="RetryOptions.AttemptTimeout"/> starts after the wait for the host's limits, and ends when the
    /// headers of the response arrive. A body cannot be retried here.</item>
    /// <item><see cref="RetryOptions.TotalTimeout"/> starts after the first wait for the host's limits, and ends with the
    /// last byte of the response.</item>
    /// <item><see cref="RetryOptions.ShouldRetry"/> receives a response with a status code of 400 or above as an
    /// <see cref="HttpRequestException"/> with that code.</item>
    /// <item>Without a <see cref="RetryOptions.DelayHint"/>, retries honor Retry-After.</item>
    /// </list>
    /// </remarks>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public RetryOptions Retry
    {
        get;
        set => field = Guards.NotNull(value, nameof(Retry));
    } = new() { AttemptTimeout = TimeSpan.FromSeconds(30), TotalTimeout = TimeSpan.FromMinutes(2) };

    /// <summary>The methods whose requests are retried. <see cref="HttpRequestRetry.SetRetry"/> overrides this for a
    /// single request.</summary>
    /// <value>Not null. The default is GET, HEAD, OPTIONS, TRACE, PUT and DELETE, which are idempotent by RFC
    /// 9110.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public IReadOnlyCollection<HttpMethod> RetriedMethods
    {
        get;
        set => field = value
            ?? throw new ArgumentNullException(nameof(value), "RetriedMethods must not be null; it may be empty.");
    } = [HttpMethod.Get, HttpMethod.Head, HttpMethod.Options, HttpMethod.Trace, HttpMethod.Put, HttpMethod.Delete];

    /// <summary>The maximum time to wait for more bytes of a response. It covers synchronous reads, too: a limit that
    /// elapses disposes the content, so the blocked read throws.</summary>
    /// <value>Zero or more. The default is 30 s. <see cref="Timeout.InfiniteTimeSpan"/> disables the limit.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public TimeSpan ReadIdleTimeout
    {
        get;
        set => field = Guards.Limit(value, nameof(ReadIdleTimeout));
    } = HttpLimits.ReadIdle;

    /// <summary>A sentence about properties that exclude each other; null if they are valid.</summary>
    internal string? Fault => MaxConcurrencyPerHost is not null && AdaptiveLimitPerHost is not null
        ? $"MaxConcurrencyPerHost ({MaxConcurrencyPerHost}) and AdaptiveLimitPerHost must not be set together."
        : null;

    internal void Check()
    {
        if (Fault is { } fault)
        {
            throw new ArgumentException(fault);
        }
    }
}
