using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
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
        new TextReader().ReadAsync;

    /// <summary>Reads the response as bytes, decompressed if the client decompresses.</summary>
    /// <value>A shared delegate.</value>
    public static Func<HttpResponseMessage, CancellationToken, ValueTask<byte[]>> Bytes { get; } =
        new BytesReader().ReadAsync;

    /// <summary>Creates a delegate that reads the response as JSON, without reflection.</summary>
    /// <param name="typeInfo">The metadata from a source-generated context, such as
    /// <c>MyJson.Default.Order</c>.</param>
    /// <typeparam name="T">The type to deserialize.</typeparam>
    /// <returns>A delegate that may be reused. It throws <see cref="JsonException"/> if the response is not valid JSON
    /// for the type, or is <c>null</c>.</returns>
    /// <remarks>Property names match in any case and numbers may be strings, as with <see cref="JsonSerializerOptions.Web"/>,
    /// unless the options of <paramref name="typeInfo"/> set a naming policy, the case or the handling of
    /// numbers.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="typeInfo"/> is null.</exception>
    public static Func<HttpResponseMessage, CancellationToken, ValueTask<T>> Json<T>(JsonTypeInfo<T> typeInfo)
    {
        ArgumentNullException.ThrowIfNull(typeInfo);
        return new JsonReader<T>(WithWebDefaults(typeInfo)).ReadAsync;
    }

    /// <summary>Returns the type info of the same resolver with the web defaults. A type info that its options do not
    /// return was changed by user code, and stays.</summary>
    private static JsonTypeInfo<T> WithWebDefaults<T>(JsonTypeInfo<T> typeInfo)
    {
        var options = typeInfo.Options;
        if (options.PropertyNamingPolicy is not null
            || options.PropertyNameCaseInsensitive
            || options.NumberHandling != JsonNumberHandling.Strict
            || !options.TryGetTypeInfo(typeof(T), out var own)
            || !ReferenceEquals(own, typeInfo))
        {
            return typeInfo;
        }

        var web = new JsonSerializerOptions(options)
        {
            PropertyNameCaseInsensitive = true,
            NumberHandling = JsonNumberHandling.AllowReadingFromString,
        };
        return web.TryGetTypeInfo(typeof(T), out var found) && found is JsonTypeInfo<T> changed ? changed : typeInfo;
    }

    private sealed class TextReader : BufferReader<string>
    {
        protected override string Create(HttpResponseMessage response, ReadOnlySpan<byte> bytes) =>
            ResponseText.Decode(response, bytes);
    }

    private sealed class BytesReader : BufferReader<byte[]>
    {
        protected override byte[] Create(HttpResponseMessage response, ReadOnlySpan<byte> bytes) => bytes.ToArray();
    }

    private sealed class JsonReader<T>(JsonTypeInfo<T> typeInfo) : ResponseReader<T>
    {
        public override ValueTask<T> ReadAsync(
            HttpResponseMessage response, in ResponseScope scope, CancellationToken cancellationToken) =>
            DeserializeAsync(response, scope, cancellationToken);

        private async ValueTask<T> DeserializeAsync(
            HttpResponseMessage response, ResponseScope scope, CancellationToken token)
        {
            Stream stream = new LimitedStream(
                await response.Content.ReadAsStreamAsync(token).NoContext(), scope with { Length = BodyLength.Of(response) });
            if (ResponseText.EncodingOf(response) is { } encoding && encoding.CodePage != Encoding.UTF8.CodePage)
            {
                stream = Encoding.CreateTranscodingStream(stream, encoding, Encoding.UTF8);
            }

            try
            {
                if (await JsonSerializer.DeserializeAsync(stream, typeInfo, token).NoContext() is { } value)
                {
                    return value;
                }
            }
            catch (JsonException exception)
            {
                throw Named(exception, response);
            }

            throw new JsonException($"{UriText.Of(response.RequestMessage)}: the JSON value must not be null.");
        }

        /// <summary>Names the address. The path may contain names of properties from the server.</summary>
        private static JsonException Named(JsonException exception, HttpResponseMessage response) => new(
            $"{UriText.Of(response.RequestMessage)}: {SafeText.Of(exception.Message)}",
            exception.Path is { } path ? SafeText.Of(path) : null,
            exception.LineNumber,
            exception.BytePositionInLine,
            exception.InnerException);
    }
}
