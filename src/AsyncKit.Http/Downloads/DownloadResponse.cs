using System.Globalization;
using System.Net;

namespace AsyncKit.Http;

/// <summary>Evaluates the headers of a response.</summary>
internal static class DownloadResponse
{
    /// <summary>Compares a response to its request.</summary>
    /// <param name="response">The response to a request for <paramref name="version"/>, starting at
    /// <paramref name="from"/>.</param>
    /// <param name="from">The requested position; zero for a request for the whole file.</param>
    /// <param name="version">The version of the bytes on disk; null for a request for the whole file.</param>
    /// <param name="clock">The clock to which a Retry-After date is compared.</param>
    /// <exception cref="HttpRequestException">The status code is not success, or not valid for a file.</exception>
    public static ResponseMatch Match(
        HttpResponseMessage response, long from, DownloadVersion? version, TimeProvider clock)
    {
        switch (response.StatusCode)
        {
            case HttpStatusCode.OK or HttpStatusCode.NonAuthoritativeInformation:
                CheckEncoding(response);
                return ResponseMatch.Whole;

            case HttpStatusCode.PartialContent when version is not null:
                return IsRest(response, from, version) ? ResponseMatch.Rest : ResponseMatch.Unusable;

            case HttpStatusCode.RequestedRangeNotSatisfiable when version is not null:
                return IsComplete(response, from, version) ? ResponseMatch.Complete : ResponseMatch.Unusable;

            default:
                throw response.IsSuccessStatusCode ? Unexpected(response) : RetryAfter.Failure(response, clock);
        }
    }

    private static bool IsRest(HttpResponseMessage response, long from, DownloadVersion version)
    {
        var headers = response.Content.Headers;
        return headers.ContentRange is { Unit: "bytes", From: { } first, To: { } last, Length: { } length }
            && first == from
            && length == version.Length
            && headers.ContentLength == last - first + 1 // Null if a handler decoded the body.
            && headers.ContentEncoding.Count == 0
            && version.IsCompatibleWith(response);
    }

    private static bool IsComplete(HttpResponseMessage response, long from, DownloadVersion version) =>
        response.Content.Headers.ContentRange is { Unit: "bytes", HasRange: false, Length: { } length }
        && length == from
        && length == version.Length
        && version.IsCompatibleWith(response);

    private static void CheckEncoding(HttpResponseMessage response)
    {
        var encodings = response.Content.Headers.ContentEncoding;
        if (encodings.Any(encoding => !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase)))
        {
            throw new HttpRequestException(
                $"The body is encoded as {string.Join(", ", encodings)}, but the request asked for identity; "
                + "set AutomaticDecompression of the handler to decode it.",
                inner: null,
                response.StatusCode);
        }
    }

    private static HttpRequestException Unexpected(HttpResponseMessage response) => new(
        string.Create(
            CultureInfo.InvariantCulture,
            $"{(int)response.StatusCode} ({response.ReasonPhrase}) is not a valid status for a file request."),
        inner: null,
        response.StatusCode);
}
