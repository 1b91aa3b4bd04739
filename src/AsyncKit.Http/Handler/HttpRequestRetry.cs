namespace AsyncKit.Http;

/// <summary>What one request may say to <see cref="AsyncKitHttpHandler"/>.</summary>
public static class HttpRequestRetry
{
    private static readonly HttpRequestOptionsKey<HttpRetry> Key = new("AsyncKit.Http.Retry");

    /// <summary>Says whether this request may be sent again.</summary>
    /// <param name="request">The request.</param>
    /// <param name="retry">With <see cref="HttpRetry.Allowed"/> a content that cannot be read twice is still sent
    /// once.</param>
    /// <returns>The same request.</returns>
    /// <exception cref="ArgumentNullException">The request is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The value is none of the enum's.</exception>
    public static HttpRequestMessage SetRetry(this HttpRequestMessage request, HttpRetry retry)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Options.Set(Key, Guards.Defined(retry));
        return request;
    }

    internal static HttpRetry Of(HttpRequestMessage request) =>
        request.Options.TryGetValue(Key, out var retry) ? retry : HttpRetry.ByMethod;
}
