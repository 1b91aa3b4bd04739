using System.Globalization;

namespace AsyncKit.Http;

/// <summary>The length that the body of a response must have. In HTTP/2 and later the end of a body is a flag, and .NET
/// does not compare the bytes before it to the Content-Length. So a body that ends early would look complete.</summary>
internal static class BodyLength
{
    /// <summary>Returns the length that the Content-Length header announces.</summary>
    /// <returns>Null if the header is missing, if the response has no body, or if another handler produces the body: its
    /// header may be wrong.</returns>
    public static long? Of(HttpResponseMessage response) =>
        !HttpPolicy.IsBodyless(response, response.RequestMessage?.Method)
        && LimitedContent.OpensAtOnce(response.Content)
        && !LimitedContent.IsStream(response.Content)
            ? response.Content.Headers.ContentLength
            : null;

    /// <summary>Returns true if .NET checks the length, with the last byte.</summary>
    public static bool IsChecked(HttpResponseMessage response) => response.Version.Major < 2;

    public static HttpIOException TooShort(HttpRequestMessage? request, long count, long length) => new(
        HttpRequestError.ResponseEnded,
        string.Create(
            CultureInfo.InvariantCulture, $"{UriText.Of(request)}: the response ended after {count} of {length} bytes."));

    public static HttpIOException TooLong(HttpRequestMessage? request, long length) => new(
        HttpRequestError.InvalidResponse,
        string.Create(
            CultureInfo.InvariantCulture,
            $"{UriText.Of(request)}: the response is longer than its Content-Length ({length} bytes)."));
}
