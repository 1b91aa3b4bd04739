using System.Threading.RateLimiting;

namespace AsyncKit.Http;

/// <summary>What <see cref="AsyncKitHttpHandler"/> does with requests. A host here is scheme, name and port
/// together. Checked when set; not to be changed once a handler has been made of it.</summary>
public sealed class AsyncKitHttpOptions
{
    private const int MostPerHost = 100_000;

    /// <summary>How many requests may be under way to one host. A request is under way until its response has been read to
    /// the end or is disposed; one without a content and one that hands over its connection, to a web socket for example, when
    /// the headers have come.</summary>
    /// <value>From 1 to 100,000; null by default: no limit. Not together with <see cref="AdaptiveLimitPerHost"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the range.</exception>
    public int? MaxConcurrencyPerHost
    {
        get;
        set => field = Guards.InRange(value, 1, MostPerHost, nameof(MaxConcurrencyPerHost));
    }

    /// <summary>A limit for each host that follows what the host bears: 429, 503 and timeouts lower it, successes raise
    /// it.</summary>
    /// <value>Null by default.</value>
    public AdaptiveLimit? AdaptiveLimitPerHost { get; set; }

    /// <summary>Makes the limiter of a host: each attempt asks it once before it starts, and waits when it is
    /// refused.</summary>
    /// <value>Null by default. It gets the host, such as <c>https://example.org:443</c>, and makes a new one each
    /// time: for requests that come first at once perhaps one too many, which is disposed. The limiter is disposed with the
    /// handler, or when the host has not been used for long.</value>
    public Func<string, RateLimiter>? StartRatePerHost { get; set; }

    /// <summary>How requests are tried again, and how long one may take.</summary>
    /// <value>
    /// Up to 4 attempts, 30 s each and 2 minutes together, by default; never null.
    /// <see cref="RetryOptions.AttemptTimeout"/> begins when the host's limits have let the attempt start, and ends with the
    /// response's headers. <see cref="RetryOptions.TotalTimeout"/> begins when they have let the first one start.
    /// <see cref="RetryOptions.ShouldRetry"/> is asked about a response with a status of 400 or more as about
    /// an <see cref="HttpRequestException"/> with it. Without a <see cref="RetryOptions.DelayHint"/> it is the
    /// response's Retry-After.
    /// </value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public RetryOptions Retry
    {
        get;
        set => field = Guards.NotNull(value, nameof(Retry));
    } = new() { AttemptTimeout = TimeSpan.FromSeconds(30), TotalTimeout = TimeSpan.FromMinutes(2) };

    /// <summary>The methods of requests that may be sent again without being asked.</summary>
    /// <value>GET, HEAD, OPTIONS, TRACE, PUT and DELETE by default, which RFC 9110 calls idempotent; never null. For one
    /// request there is <see cref="HttpRequestRetry.SetRetry"/>.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public IReadOnlyCollection<HttpMethod> RetriedMethods
    {
        get;
        set => field = value
            ?? throw new ArgumentNullException(nameof(value), "RetriedMethods must not be null; it may be empty.");
    } = [HttpMethod.Get, HttpMethod.Head, HttpMethod.Options, HttpMethod.Trace, HttpMethod.Put, HttpMethod.Delete];

    /// <summary>How long to wait for more bytes of a response.</summary>
    /// <value>Zero or more; 30 s by default. <see cref="Timeout.InfiniteTimeSpan"/> means for ever. Synchronous reads are not
    /// limited.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public TimeSpan ReadIdleTimeout
    {
        get;
        set => field = Guards.Limit(value, nameof(ReadIdleTimeout));
    } = HttpLimits.ReadIdle;

    internal void Check()
    {
        if (MaxConcurrencyPerHost is not null && AdaptiveLimitPerHost is not null)
        {
            throw new ArgumentException(
                $"MaxConcurrencyPerHost ({MaxConcurrencyPerHost}) and AdaptiveLimitPerHost must not be set together.");
        }
    }
}
