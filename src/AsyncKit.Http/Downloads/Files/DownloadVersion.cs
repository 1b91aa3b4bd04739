using System.Net.Http.Headers;

namespace AsyncKit.Http;

/// <summary>Identifies the version of a file, so that a request can ask for the rest of the same version.</summary>
/// <param name="ETag">The ETag, with its quotes and its mark if it is weak; null if the response has none.</param>
/// <param name="LastModified">The date; null if it is unknown.</param>
/// <param name="IsDateStrong">True if the date distinguishes two versions; false if it is too recent.</param>
/// <param name="Length">The length of the whole file.</param>
internal sealed record DownloadVersion(string? ETag, DateTimeOffset? LastModified, bool IsDateStrong, long Length)
{
    private const int MaxETagLength = 4096; // A sidecar with it, escaped, is shorter than its maximum.

    private static readonly TimeSpan Resolution = TimeSpan.FromSeconds(1); // The resolution of dates in HTTP.

    /// <summary>True if the ETag is strong, so that equal ETags mean equal bytes.</summary>
    public bool HasStrongETag => ETag is not null && !IsWeak(ETag);

    /// <summary>Returns the version of a response that contains the whole file.</summary>
    /// <returns>Null if the download could not resume, because the response has no length or no strong
    /// validator.</returns>
    public static DownloadVersion? Of(HttpResponseMessage response)
    {
        if (response.Content.Headers.ContentLength is not { } length || HasConflict(response))
        {
            return null;
        }

        var modified = response.Content.Headers.LastModified;
        var version = new DownloadVersion(
            response.Headers.ETag?.ToString(), modified, response.Headers.Date - modified >= Resolution, length);
        return version.IsValid() ? version : null;
    }

    /// <summary>Returns false for values that no response has, or that a request for the rest cannot use.</summary>
    public bool IsValid() =>
        Length >= 0
        && (ETag is null || IsSendable(ETag))
        && (HasStrongETag || (IsDateStrong && LastModified is not null));

    /// <summary>Requests the rest of this version, or the whole file if the server has another version.</summary>
    public void RequestRest(HttpRequestMessage request, long from)
    {
        request.Headers.Range = new RangeHeaderValue(from, null);
        request.Headers.IfRange = HasStrongETag
            ? new RangeConditionHeaderValue(ETag!)
            : new RangeConditionHeaderValue(LastModified!.Value);
    }

    /// <summary>Returns true if the response contains the validator of the request and contradicts no other one. A rest
    /// without it may be of any version: the server ignored the condition.</summary>
    public bool IsSameAs(HttpResponseMessage response) =>
        !Contradicts(response)
        && (HasStrongETag ? response.Headers.ETag is not null : response.Content.Headers.LastModified is not null);

    /// <summary>Returns true if a header of the response identifies another version.</summary>
    public bool Contradicts(HttpResponseMessage response) =>
        HasConflict(response)
        || (ETag is not null
            && response.Headers.ETag is { } other
            && !other.ToString().Equals(ETag, StringComparison.Ordinal))
        || (LastModified is not null
            && response.Content.Headers.LastModified is { } modified
            && modified != LastModified);

    /// <summary>An ETag that .NET does not parse proves nothing, and the date may be that of another version.</summary>
    private static bool HasConflict(HttpResponseMessage response) =>
        response.Headers.HasConflict("ETag")
        || (response.Headers.ETag is null && response.Headers.NonValidated.Contains("ETag"))
        || response.Content.Headers.HasConflict("Last-Modified");

    /// <summary>A response may have an ETag that no request can contain: HttpClient only sends ASCII.</summary>
    private static bool IsSendable(string eTag) =>
        eTag.Length <= MaxETagLength
        && !eTag.Any(character => character is < ' ' or > '~')
        && EntityTagHeaderValue.TryParse(eTag, out var parsed)
        && parsed.ToString().Equals(eTag, StringComparison.Ordinal);

    private static bool IsWeak(string eTag) => eTag.StartsWith("W/", StringComparison.Ordinal);
}
