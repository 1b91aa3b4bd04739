using System.Diagnostics.CodeAnalysis;

namespace AsyncKit.Http;

/// <summary>Represents the options of a bulk GET: its concurrency, and the limits of each response. Immutable,
/// validated when set.</summary>
public sealed record HttpFanOutOptions
{
    private const long MiB = 1024 * 1024;

    /// <summary>Creates options whose properties have their defaults.</summary>
    public HttpFanOutOptions()
    {
    }

    /// <summary>Creates options with a limit.</summary>
    /// <param name="maxConcurrency">The maximum number of concurrent requests. At least 1; <see cref="int.MaxValue"/> for
    /// no limit.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxConcurrency"/> is less than 1.</exception>
    [SetsRequiredMembers]
    public HttpFanOutOptions(int maxConcurrency) => FanOut = new FanOutOptions(maxConcurrency);

    /// <summary>The options of the run: concurrency, order, failure mode, retries, the timeout of each request,
    /// progress.</summary>
    /// <value>Required; not null. A retry repeats both the request and the reading. Without a
    /// <see cref="RetryOptions.DelayHint"/> it honors Retry-After.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public required FanOutOptions FanOut
    {
        get;
        init => field = Guards.NotNull(value, nameof(FanOut));
    }

    /// <summary>The maximum number of concurrent requests to one host. A request that waits for its host occupies no
    /// slot, so a slow host does not delay the others.</summary>
    /// <value>At least 1. The default is null, which leaves only the limit of the run. Cannot be combined with
    /// <see cref="FanOutOptions.Partition"/>, which implements it.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int? MaxConcurrencyPerHost
    {
        get;
        init => field = Guards.AtLeast(value, 1, nameof(MaxConcurrencyPerHost));
    }

    /// <summary>The maximum size of a response in bytes, after decompression. A longer response fails its request:
    /// before reading if its header announces the length, otherwise as soon as it exceeds the limit.</summary>
    /// <value>At least 1. The default is 64 MiB. <see cref="long.MaxValue"/> disables the limit.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public long MaxResponseBytes
    {
        get;
        init => field = Guards.AtLeast(value, 1, nameof(MaxResponseBytes));
    } = 64 * MiB;

    /// <summary>The maximum time to wait for more bytes of a response. <see cref="HttpClient.Timeout"/> limits the whole
    /// request, including the body.</summary>
    /// <value>Zero or more. The default is 30 s. <see cref="Timeout.InfiniteTimeSpan"/> disables the limit.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public TimeSpan ReadIdleTimeout
    {
        get;
        init => field = Guards.Limit(value, nameof(ReadIdleTimeout));
    } = HttpLimits.ReadIdle;

    /// <summary>The handling of a response with a non-success status code.</summary>
    /// <value>The default is <see cref="HttpErrorStatus.Throw"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a member of
    /// <see cref="HttpErrorStatus"/>.</exception>
    public HttpErrorStatus OnErrorStatus
    {
        get;
        init => field = Guards.Defined(value, nameof(OnErrorStatus));
    }

    /// <summary>A callback that sets the headers of each request before it is sent. It may run on several threads
    /// concurrently, and runs again for each retry.</summary>
    /// <value>The default is null. If the callback throws, the request fails with that exception.</value>
    public Action<HttpRequestMessage>? ConfigureRequest { get; init; }
}
