using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace AsyncKit.Http;

/// <summary>Provides the common ways to read a response, for <see cref="HttpFanOut"/>.</summary>
/// <example>
/// <code>
/// string[] pages = await client.GetAllAsync(uris, maxConcurrency: 16, HttpRead.Text);
/// Order[] orders = await client.GetAllAsync(uris, maxConcurrency: 16, HttpRead.Json(MyJson.Default.Order));
/// </code>
/// </example>
public static class HttpRead
{
    /// <summary>Reads the response as text, in the encoding that the response specifies, or UTF-8.</summary>
    /// <value>A shared delegate.</value>
    public static Func<HttpResponseMessage, CancellationToken, ValueTask<string>> Text { get; } =
        static (response, cancellationToken) => new(response.Content.ReadAsStringAsync(cancellationToken));

    /// <summary>Reads the response as bytes, decompressed if the client decompresses.</summary>
    /// <value>A shared delegate.</value>
    public static Func<HttpResponseMessage, CancellationToken, ValueTask<byte[]>> Bytes { get; } =
        static (response, cancellationToken) => new(response.Content.ReadAsByteArrayAsync(cancellationToken));

    /// <summary>Creates a delegate that reads the response as JSON, without reflection.</summary>
    /// <param name="typeInfo">The metadata from a source-generated context, such as
    /// <c>MyJson.Default.Order</c>.</param>
    /// <typeparam name="T">The type to deserialize.</typeparam>
    /// <returns>A delegate that may be reused. It throws <see cref="JsonException"/> if the response is not valid JSON
    /// for the type, or is <c>null</c>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="typeInfo"/> is null.</exception>
    public static Func<HttpResponseMessage, CancellationToken, ValueTask<T>> Json<T>(JsonTypeInfo<T> typeInfo)
    {
        ArgumentNullException.ThrowIfNull(typeInfo);
        return async (response, cancellationToken) =>
            await response.Content.ReadFromJsonAsync(typeInfo, cancellationToken).NoContext()
            ?? throw new JsonException($"{UriText.Of(response.RequestMessage)}: the JSON value must not be null.");
    }
}
