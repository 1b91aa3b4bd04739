namespace AsyncKit.Http;

/// <summary>How many requests are made at once, and what a response may be. Immutable, checked when set.</summary>
public sealed record HttpFanOutOptions
{
    private const long MiB = 1024 * 1024;

    /// <summary>How many at once, the order, what a failure does, retries, a limit for each request, progress. A retry
    /// makes the request and reads the response again; without a <see cref="RetryOptions.DelayHint"/> it waits as long as
    /// Retry-After asks.</summary>
    /// <value>No default; never null.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public required FanOutOptions FanOut
    {
        get;
        init => field = Guards.NotNull(value, nameof(FanOut));
    }

    /// <summary>How many at once to one host, so that a slow host does not take the places of the others. Requests that wait
    /// for their host take no place.</summary>
    /// <value>At least 1; null by default: no limit but the whole. Not together with <see cref="FanOutOptions.Partition"/>,
    /// which it is made of.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int? MaxConcurrencyPerHost
    {
        get;
        init => field = Guards.AtLeast(value, 1, nameof(MaxConcurrencyPerHost));
    }

    /// <summary>The most bytes that a response may have, after decompression. A longer one fails its request: at once when its
    /// header says so, otherwise when that many bytes have come.</summary>
    /// <value>At least 1; 64 MiB by default; <see cref="long.MaxValue"/> means no limit.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public long MaxResponseBytes
    {
        get;
        init => field = Guards.AtLeast(value, 1, nameof(MaxResponseBytes));
    } = 64 * MiB;

    /// <summary>How long to wait for more bytes of a response. <see cref="HttpClient.Timeout"/> ends with the
    /// headers.</summary>
    /// <value>Zero or more; 30 s by default. <see cref="Timeout.InfiniteTimeSpan"/> means for ever.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public TimeSpan ReadIdleTimeout
    {
        get;
        init => field = Guards.Limit(value, nameof(ReadIdleTimeout));
    } = HttpLimits.ReadIdle;

    /// <summary>What becomes of a response that is none of success.</summary>
    /// <value><see cref="HttpErrorStatus.Throw"/> by default.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is none of the enum's.</exception>
    public HttpErrorStatus OnErrorStatus
    {
        get;
        init => field = Guards.Defined(value, nameof(OnErrorStatus));
    }

    /// <summary>Called for each request before it is sent, to set headers. It may be called from several threads at once, and
    /// once more for each retry.</summary>
    /// <value>Null by default. If it throws, the request fails with that.</value>
    public Action<HttpRequestMessage>? ConfigureRequest { get; init; }
}
