using System.Globalization;
using System.Net;

namespace AsyncKit.Http;

/// <summary>Reads what a response says before its body.</summary>
internal static class DownloadResponse
{
    /// <param name="response">Of the request for <paramref name="version"/> from <paramref name="from"/> on.</param>
    /// <param name="from">Zero if the whole was asked for.</param>
    /// <param name="version">What the bytes on disk are of; null if the whole was asked for.</param>
    /// <param name="clock">For the date of a Retry-After.</param>
    /// <exception cref="HttpRequestException">It is none of success, or of no use at all.</exception>
    public static ResponseMatch Judge(HttpResponseMessage response, long from, DownloadVersion? version, TimeProvider clock)
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

    /// <summary>How many bytes the body must have; null if it says so only with its end.</summary>
    public static long? LengthOfBody(HttpResponseMessage response) => response.Content.Headers.ContentLength;

    private static bool IsRest(HttpResponseMessage response, long from, DownloadVersion version)
    {
        var headers = response.Content.Headers;
        return headers.ContentRange is { Unit: "bytes", From: { } first, To: { } last, Length: { } length }
            && first == from
            && length == version.Length
            && headers.ContentLength == last - first + 1 // None where a handler has decoded the body: then it is no range.
            && headers.ContentEncoding.Count == 0
            && version.MayBeOf(response);
    }

    private static bool IsComplete(HttpResponseMessage response, long from, DownloadVersion version) =>
        response.Content.Headers.ContentRange is { Unit: "bytes", HasRange: false, Length: { } length }
        && length == from
        && length == version.Length
        && version.MayBeOf(response);

    private static void CheckEncoding(HttpResponseMessage response)
    {
        var encodings = response.Content.Headers.ContentEncoding;
        if (encodings.Any(encoding => !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase)))
        {
            throw new HttpRequestException(
                $"The body is encoded as {string.Join(", ", encodings)}, although it was asked for as it is, and nothing decodes it "
                + "(see AutomaticDecompression of the handler).",
                inner: null,
                response.StatusCode);
        }
    }

    private static HttpRequestException Unexpected(HttpResponseMessage response) => new(
        string.Create(
            CultureInfo.InvariantCulture,
            $"{(int)response.StatusCode} ({response.ReasonPhrase}) is no answer to a request for a file."),
        inner: null,
        response.StatusCode);
}
