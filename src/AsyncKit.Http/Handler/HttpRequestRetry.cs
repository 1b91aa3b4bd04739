namespace AsyncKit.Http;

/// <summary>Sets how <see cref="AsyncKitHttpHandler"/> retries a single request.</summary>
public static class HttpRequestRetry
{
    private static readonly HttpRequestOptionsKey<HttpRetry> Key = new("AsyncKit.Http.Retry");

    /// <summary>Sets whether this request may be retried.</summary>
    /// <param name="request">The request.</param>
    /// <param name="retry">The rule of this request. Even with <see cref="HttpRetry.Allowed"/>, a request is sent only
    /// once if its content may not be the same bytes again.</param>
    /// <returns>The same request.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="request"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="retry"/> is not a member of
    /// <see cref="HttpRetry"/>.</exception>
    /// <example>
    /// <code>
    /// using var request = new HttpRequestMessage(HttpMethod.Post, uri) { Content = new StringContent(order) };
    /// request.Headers.Add("Idempotency-Key", key);
    /// using var response = await client.SendAsync(request.SetRetry(HttpRetry.Allowed));
    /// </code>
    /// </example>
    public static HttpRequestMessage SetRetry(this HttpRequestMessage request, HttpRetry retry)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Options.Set(Key, Guards.Defined(retry));
        return request;
    }

    internal static HttpRetry Of(HttpRequestMessage request) =>
        request.Options.TryGetValue(Key, out var retry) ? retry : HttpRetry.ByMethod;
}
