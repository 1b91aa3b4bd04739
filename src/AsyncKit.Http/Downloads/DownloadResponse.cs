using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

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
                CheckLength(response);
                return PartOf(response) is not { } part ? ResponseMatch.Whole
                    : version is not null ? ResponseMatch.Unusable
                    : throw OnlyPart(response, part);

            case HttpStatusCode.PartialContent when version is not null:
                return IsRest(response, from, version) ? ResponseMatch.Rest : ResponseMatch.Unusable;

            case HttpStatusCode.RequestedRangeNotSatisfiable when version is not null:
                return IsComplete(response, from, version) ? ResponseMatch.Complete : ResponseMatch.Unusable;

            default:
                throw response.IsSuccessStatusCode ? Unexpected(response) : Failure(response, clock);
        }
    }

    /// <summary>Returns the range of a response that claims to be the whole file, if it is not: a proxy may change the status
    /// of a part.</summary>
    private static ContentRangeHeaderValue? PartOf(HttpResponseMessage response) =>
        response.Content.Headers.ContentRange is { Unit: "bytes", From: { } first, To: { } last } range
        && (first > 0 || ((range.Length ?? response.Content.Headers.ContentLength) is { } total && last != total - 1))
            ? range
            : null;

    /// <summary>The range must start at the requested position and fit into the length. A server that does not know the
    /// length of the file must send all of the rest.</summary>
    private static bool IsRest(HttpResponseMessage response, long from, DownloadVersion version)
    {
        var headers = response.Content.Headers;
        return headers.ContentRange is { Unit: "bytes", From: { } first, To: { } last } range
            && first == from
            && (range.Length is { } length ? length == version.Length : last == version.Length - 1)
            && headers.ContentLength == last - first + 1 // Null if a handler decoded the body.
            && !headers.HasConflict("Content-Range")
            && !headers.HasConflict("Content-Length")
            && EncodingsOf(response).Count == 0
            && TransferEncodingsOf(response).Count == 0
            && !IsInParts(response)
            && version.IsSameAs(response);
    }

    private static bool IsComplete(HttpResponseMessage response, long from, DownloadVersion version) =>
        response.Content.Headers.ContentRange is { Unit: "bytes", HasRange: false, Length: { } length }
        && length == from
        && length == version.Length
        && !response.Content.Headers.HasConflict("Content-Range")
        && !version.Contradicts(response);

    private static void CheckEncoding(HttpResponseMessage response)
    {
        if (EncodingsOf(response) is { Count: > 0 } encodings)
        {
            throw new HttpRequestException(
                SafeText.Of($"The body is encoded as {string.Join(", ", encodings)}, but the request asked for identity; ")
                + "set AutomaticDecompression of the handler to decode it.",
                inner: null,
                response.StatusCode);
        }

        if (TransferEncodingsOf(response) is { Count: > 0 } transfer)
        {
            throw new HttpRequestException(
                SafeText.Of($"The body has the transfer encoding {string.Join(", ", transfer)}, which no request accepts."),
                inner: null,
                response.StatusCode);
        }
    }

    /// <summary>HttpClient reads a body without a valid length until the connection ends, so a body that was cut off would
    /// look complete.</summary>
    private static void CheckLength(HttpResponseMessage response)
    {
        var headers = response.Content.Headers;
        if (headers.NonValidated.TryGetValues("Content-Length", out var values)
            && (headers.ContentLength is null || headers.HasConflict("Content-Length")))
        {
            throw new HttpRequestException(
                SafeText.Of($"The Content-Length '{values}' is not a length."), inner: null, response.StatusCode);
        }
    }

    private static List<string> EncodingsOf(HttpResponseMessage response) =>
        EncodingsOf(response.Content.Headers, "Content-Encoding", "identity");

    /// <summary>Returns the transfer encodings that HttpClient does not decode: all except one that is chunked.</summary>
    private static List<string> TransferEncodingsOf(HttpResponseMessage response)
    {
        var encodings = EncodingsOf(response.Headers, "Transfer-Encoding", none: "");
        if (encodings.FindIndex(encoding => encoding.Equals("chunked", StringComparison.OrdinalIgnoreCase)) is >= 0 and var chunked)
        {
            encodings.RemoveAt(chunked);
        }

        return encodings;
    }

    /// <summary>Returns the encodings of the body, even if the header is invalid.</summary>
    private static List<string> EncodingsOf(HttpHeaders headers, string name, string none) =>
        headers.NonValidated.TryGetValues(name, out var values)
            ? [.. values
                .SelectMany(value => value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                .Where(encoding => !encoding.Equals(none, StringComparison.OrdinalIgnoreCase))]
            : [];

    /// <summary>Returns true if the body has a header before each of its ranges.</summary>
    private static bool IsInParts(HttpResponseMessage response) =>
        response.Content.Headers.NonValidated.TryGetValues("Content-Type", out var values)
        && values.Any(value => value.StartsWith("multipart/byteranges", StringComparison.OrdinalIgnoreCase));

    private static HttpRequestException Failure(HttpResponseMessage response, TimeProvider clock)
    {
        var redirect = (int)response.StatusCode is >= 300 and < 400 ? " The client did not follow the redirect." : "";
        var failure = new HttpRequestException(
            SafeText.Of(RetryAfter.MessageOf(response)) + redirect, inner: null, response.StatusCode);
        RetryAfter.Attach(failure, response, clock);
        return failure;
    }

    private static HttpRequestException OnlyPart(HttpResponseMessage response, ContentRangeHeaderValue part) => new(
        $"The response has only a part of the file: {part}.", inner: null, response.StatusCode);

    private static HttpRequestException Unexpected(HttpResponseMessage response) => new(
        SafeText.Of(string.Create(
            CultureInfo.InvariantCulture,
            $"{(int)response.StatusCode} ({response.ReasonPhrase}) is not a valid status for a file request.")),
        inner: null,
        response.StatusCode);
}
