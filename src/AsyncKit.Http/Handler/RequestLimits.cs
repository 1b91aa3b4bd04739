namespace AsyncKit.Http;

/// <summary>The retries and time limits of a request, in the form its call uses. The requests of a client share
/// them.</summary>
internal sealed class RequestLimits
{
    private readonly RetryOptions _retried;
    private readonly RetryOptions _once;

    /// <param name="retry">The retries, without an attempt timeout: that starts inside the attempt, after the wait for the
    /// host.</param>
    /// <param name="attempt">The attempt timeout.</param>
    /// <param name="readIdle">The limit of each read.</param>
    /// <param name="timeouts">The timeouts of a single request; null for those of the client.</param>
    public RequestLimits(RetryOptions retry, TimeSpan? attempt, TimeSpan readIdle, TimeoutOverride? timeouts = null)
    {
        _retried = timeouts?.Total is { } total ? retry with { TotalTimeout = total } : retry;
        _once = _retried with { MaxAttempts = 1 };
        var clock = retry.TimeProvider;
        Attempt = HttpLimits.Limit(timeouts?.Attempt ?? attempt, retry.Name, clock);
        Content = new ContentLimits(
            long.MaxValue,
            HttpLimits.Limit(timeouts?.ReadIdle ?? readIdle, retry.Name, clock),
            timeouts is { IsUntilHeaders: true } ? null : Total,
            nameof(RetryOptions.TotalTimeout),
            clock);
    }

    public DeadlineOptions? Attempt { get; }

    public TimeSpan? Total => _retried.TotalTimeout;

    public ContentLimits Content { get; }

    public RetryOptions RetryOf(bool mayRetry) => mayRetry ? _retried : _once;
}
