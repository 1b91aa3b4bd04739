namespace AsyncKit.Http;

/// <summary>The limits of the responses of a client or a run. Immutable; all responses share one instance.</summary>
/// <param name="maxBytes">The maximum number of bytes. A longer response is a failure.</param>
/// <param name="idle">The limit of each read; null for no limit.</param>
/// <param name="total">The limit of the request, from its start to the end of the response; null for no limit.</param>
/// <param name="totalName">The option that sets <paramref name="total"/>, for messages.</param>
/// <param name="clock">The clock.</param>
internal sealed class ContentLimits(
    long maxBytes, DeadlineOptions? idle, TimeSpan? total, string totalName, TimeProvider clock)
{
    private readonly TimeSpan _total =
        total is { } limit && Guards.IsFinite(limit) ? limit : Timeout.InfiniteTimeSpan;

    public long MaxBytes => maxBytes;

    public DeadlineOptions? Idle => idle;

    public TimeProvider Clock { get; } = AsyncEnvironment.Clock(clock);

    public bool HasTotal => _total != Timeout.InfiniteTimeSpan;

    public bool HasTime => HasTotal || idle is not null;

    public bool HasAny => HasTime || maxBytes < long.MaxValue;

    /// <summary>Returns the start of a request, to pass to <see cref="Remaining"/>.</summary>
    public long Start() => Clock.GetTimestamp();

    /// <summary>Returns the rest of the total limit: zero if it has passed,
    /// <see cref="Timeout.InfiniteTimeSpan"/> without one.</summary>
    public TimeSpan Remaining(long startedAt)
    {
        if (!HasTotal)
        {
            return Timeout.InfiniteTimeSpan;
        }

        var remaining = _total - Clock.GetElapsedTime(startedAt);
        return remaining > TimeSpan.Zero ? remaining : TimeSpan.Zero;
    }

    /// <summary>Returns true if <see cref="Idle"/> ends the next read, and not the rest of the total limit.</summary>
    public bool IsIdleFirst(TimeSpan remaining) =>
        idle is not null && (!HasTotal || (Guards.IsFinite(idle.Limit) && idle.Limit <= remaining));

    /// <summary>Runs an asynchronous operation within the rest of the total limit. Costs nothing per call with the
    /// system's clock.</summary>
    public ValueTask<T> RunAsync<T>(
        Func<CancellationToken, ValueTask<T>> operation, TimeSpan remaining, CancellationToken token) =>
        clock == TimeProvider.System
            ? Deadline.RunAsync(operation, remaining, token)
            : Deadline.RunAsync(operation, new DeadlineOptions { Limit = remaining, TimeProvider = clock }, token);

    /// <summary>Returns true if the exception comes from a limit of this package. A timeout of the stream itself, or of
    /// another handler below, passes unchanged.</summary>
    public bool IsLimit(TimeoutException exception, TimeSpan limit) =>
        HasTime && (exception.InnerException is OperationCanceledException || limit == TimeSpan.Zero);

    public HttpRequestException TooLong(HttpRequestMessage? request) => new(
        HttpRequestError.ConfigurationLimitExceeded,
        $"{UriText.Of(request)}: the response is longer than MaxResponseBytes ({maxBytes:N0} bytes).");

    public TimeoutException TimedOut(HttpRequestMessage? request, bool isIdle, Exception? cause) => new(
        isIdle
            ? $"{UriText.Of(request)}: no bytes of the response arrived within ReadIdleTimeout ({TimeText.Of(idle!.Limit)})."
            : $"{UriText.Of(request)}: the response did not complete within {totalName} ({TimeText.Of(_total)}).",
        cause);
}
