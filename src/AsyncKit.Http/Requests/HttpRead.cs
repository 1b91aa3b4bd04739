using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace AsyncKit.Http;

/// <summary>The usual ways to read a response, for <see cref="HttpFanOut"/>.</summary>
public static class HttpRead
{
    /// <summary>As text, in the encoding that the response names, or UTF-8.</summary>
    /// <value>One delegate for all.</value>
    public static Func<HttpResponseMessage, CancellationToken, ValueTask<string>> Text { get; } =
        static (response, cancellationToken) => new(response.Content.ReadAsStringAsync(cancellationToken));

    /// <summary>As the bytes that have come, decompressed if the client does so.</summary>
    /// <value>One delegate for all.</value>
    public static Func<HttpResponseMessage, CancellationToken, ValueTask<byte[]>> Bytes { get; } =
        static (response, cancellationToken) => new(response.Content.ReadAsByteArrayAsync(cancellationToken));

    /// <summary>As JSON, without reflection.</summary>
    /// <param name="typeInfo">From a source-generated context, such as <c>MyJson.Default.Order</c>.</param>
    /// <typeparam name="T">What the JSON becomes.</typeparam>
    /// <returns>A delegate to be made once. It gives a <see cref="JsonException"/> for what is no such JSON, also for
    /// <c>null</c>.</returns>
    /// <exception cref="ArgumentNullException">The type's info is null.</exception>
    public static Func<HttpResponseMessage, CancellationToken, ValueTask<T>> Json<T>(JsonTypeInfo<T> typeInfo)
    {
        ArgumentNullException.ThrowIfNull(typeInfo);
        return async (response, cancellationToken) =>
            await response.Content.ReadFromJsonAsync(typeInfo, cancellationToken).NoContext()
            ?? throw new JsonException($"{UriText.Of(response.RequestMessage)}: the response is null.");
    }
}
