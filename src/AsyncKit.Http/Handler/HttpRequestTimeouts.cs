namespace AsyncKit.Http;

/// <summary>Sets the timeouts of a single request.</summary>
public static class HttpRequestTimeouts
{
    private static readonly HttpRequestOptionsKey<TimeoutOverride> Key = new("AsyncKit.Http.Timeouts");

    /// <summary>Sets the timeouts of this request. They replace those of the client's
    /// <see cref="AsyncKitHttpHandler"/> and, for the response, those of a bulk GET. Use it for a response that is meant
    /// to be long, such as a stream of server-sent events.</summary>
    /// <param name="request">The request.</param>
    /// <param name="attemptTimeout">The longest time until the headers of the response arrive, in one attempt. Zero or
    /// more; <see cref="Timeout.InfiniteTimeSpan"/> for no limit; null to leave it unchanged.</param>
    /// <param name="totalTimeout">The longest time for all attempts and for the response, until it is read to the end.
    /// Zero or more; <see cref="Timeout.InfiniteTimeSpan"/> for no limit; null to leave it unchanged.</param>
    /// <param name="readIdleTimeout">The longest time to wait for more bytes of the response. Zero or more;
    /// <see cref="Timeout.InfiniteTimeSpan"/> for no limit; null to leave it unchanged.</param>
    /// <returns>The same request.</returns>
    /// <remarks>A second call changes only the timeouts that it gives. <see cref="HttpClient.Timeout"/> still applies
    /// until the headers arrive, or until the whole response if <see cref="HttpClient"/> buffers it.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="request"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A timeout is negative.</exception>
    /// <example>
    /// <code>
    /// using var request = new HttpRequestMessage(HttpMethod.Get, "events");
    /// request.SetTimeouts(totalTimeout: Timeout.InfiniteTimeSpan, readIdleTimeout: TimeSpan.FromMinutes(5));
    /// using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    /// </code>
    /// </example>
    public static HttpRequestMessage SetTimeouts(
        this HttpRequestMessage request,
        TimeSpan? attemptTimeout = null,
        TimeSpan? totalTimeout = null,
        TimeSpan? readIdleTimeout = null)
    {
        ArgumentNullException.ThrowIfNull(request);
        _ = Guards.Limit(attemptTimeout);
        _ = Guards.Limit(totalTimeout);
        _ = Guards.Limit(readIdleTimeout);
        var earlier = Of(request) ?? new();
        request.Options.Set(Key, earlier with
        {
            Attempt = attemptTimeout ?? earlier.Attempt,
            Total = totalTimeout ?? earlier.Total,
            ReadIdle = readIdleTimeout ?? earlier.ReadIdle,
            IsUntilHeaders = earlier.IsUntilHeaders && totalTimeout is null,
        });
        return request;
    }

    /// <summary>For a request whose sender limits the reading itself: the limits of the handler end with the
    /// headers.</summary>
    internal static void SetForOwnBody(HttpRequestMessage request) => request.Options.Set(
        Key, new TimeoutOverride { ReadIdle = Timeout.InfiniteTimeSpan, IsUntilHeaders = true });

    /// <summary>Returns null for a request without its own timeouts.</summary>
    internal static TimeoutOverride? Of(HttpRequestMessage request) =>
        request.Options.TryGetValue(Key, out var timeouts) ? timeouts : null;
}
