using System.Net.Http.Headers;
using System.Text.Json;

namespace AsyncKit.Http;

/// <summary>Identifies the version of a file, so that a request can ask for the rest of the same version.</summary>
/// <param name="Uri">The address of the file.</param>
/// <param name="ETag">The strong ETag, with its quotes; null if the response has no strong one.</param>
/// <param name="LastModified">The date; null if it is unknown, or too recent to distinguish two versions.</param>
/// <param name="Length">The length of the whole file.</param>
internal sealed record DownloadVersion(string Uri, string? ETag, DateTimeOffset? LastModified, long Length)
{
    private const int Format = 1;
    private const int MaxBytes = 64 * 1024;

    private static readonly TimeSpan Resolution = TimeSpan.FromSeconds(1); // The resolution of dates in HTTP.

    /// <summary>Returns the version of a response that contains the whole file.</summary>
    /// <returns>Null if the download could not resume, because the response has no length or no strong
    /// validator.</returns>
    public static DownloadVersion? Of(HttpResponseMessage response, Uri uri)
    {
        if (response.Content.Headers.ContentLength is not { } length)
        {
            return null;
        }

        var eTag = response.Headers.ETag is { IsWeak: false } strong ? strong.Tag : null;
        var lastModified = response.Content.Headers.LastModified is { } modified
            && response.Headers.Date - modified >= Resolution
                ? modified
                : (DateTimeOffset?)null;
        return eTag is null && lastModified is null
            ? null
            : new DownloadVersion(uri.AbsoluteUri, eTag, lastModified, length);
    }

    /// <summary>Requests the rest of this version, or the whole file if the server has another version.</summary>
    public void RequestRest(HttpRequestMessage request, long from)
    {
        request.Headers.Range = new RangeHeaderValue(from, null);
        request.Headers.IfRange = ETag is not null
            ? new RangeConditionHeaderValue(ETag)
            : new RangeConditionHeaderValue(LastModified!.Value);
    }

    /// <summary>Returns false if the headers of the response identify another version.</summary>
    public bool IsCompatibleWith(HttpResponseMessage response) =>
        (ETag is null
            || response.Headers.ETag is not { } other
            || (!other.IsWeak && other.Tag.Equals(ETag, StringComparison.Ordinal)))
        && (LastModified is null
            || response.Content.Headers.LastModified is not { } modified
            || modified == LastModified);

    /// <summary>Reads the sidecar that <see cref="Write"/> wrote.</summary>
    /// <returns>Null if the file is missing or invalid.</returns>
    public static DownloadVersion? Read(string path)
    {
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists || file.Length > MaxBytes)
            {
                return null;
            }

            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            var root = json.RootElement;
            var version = new DownloadVersion(
                root.GetProperty("uri").GetString()!,
                root.GetProperty("etag").GetString(),
                root.GetProperty("lastModified") is { ValueKind: JsonValueKind.String } date
                    ? date.GetDateTimeOffset()
                    : null,
                root.GetProperty("length").GetInt64());
            return root.GetProperty("version").GetInt32() == Format && version.IsValid() ? version : null;
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException
            or InvalidOperationException or FormatException or FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Replaces the sidecar in one step: a reader sees the old content or the new one. It is not flushed to
    /// disk: a sidecar that a power loss damages is invalid, and the download restarts.</summary>
    public void Write(DownloadPaths paths)
    {
        using (var file = new FileStream(paths.Draft, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
        using (var json = new Utf8JsonWriter(file))
        {
            json.WriteStartObject();
            json.WriteNumber("version", Format);
            json.WriteString("uri", Uri);
            json.WriteString("etag", ETag);
            if (LastModified is { } modified)
            {
                json.WriteString("lastModified", modified);
            }
            else
            {
                json.WriteNull("lastModified");
            }

            json.WriteNumber("length", Length);
            json.WriteEndObject();
        }

        File.Move(paths.Draft, paths.Sidecar, overwrite: true);
    }

    private bool IsValid() =>
        Uri is not null
        && Length >= 0
        && (LastModified is not null || ETag is not null)
        && (ETag is null || EntityTagHeaderValue.TryParse(ETag, out _));
}
