using System.Net.Http.Headers;
using System.Text.Json;

namespace AsyncKit.Http;

/// <summary>Which version of a file the bytes of a part are of: what it takes to ask for the rest of the same one.</summary>
/// <param name="Uri">Where it comes from.</param>
/// <param name="ETag">A strong one, with its quotes; null without.</param>
/// <param name="LastModified">Null if it is not known, or too young to tell two versions apart.</param>
/// <param name="Length">Of the whole.</param>
internal sealed record DownloadVersion(string Uri, string? ETag, DateTimeOffset? LastModified, long Length)
{
    private const int Format = 1;
    private const int MostBytes = 64 * 1024;

    private static readonly TimeSpan Resolution = TimeSpan.FromSeconds(1); // Of HTTP's dates.

    /// <summary>The version that a response brings from its start.</summary>
    /// <returns>Null if the rest could not be asked for: without a length, or without a strong validator.</returns>
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

    /// <summary>Asks for the rest of this version, or for the whole of another.</summary>
    public void AskForRest(HttpRequestMessage request, long from)
    {
        request.Headers.Range = new RangeHeaderValue(from, null);
        request.Headers.IfRange = ETag is not null
            ? new RangeConditionHeaderValue(ETag)
            : new RangeConditionHeaderValue(LastModified!.Value);
    }

    /// <summary>False when the response says itself that it is of another version.</summary>
    public bool MayBeOf(HttpResponseMessage response) =>
        (ETag is null || response.Headers.ETag is not { } other || (!other.IsWeak && other.Tag.Equals(ETag, StringComparison.Ordinal)))
        && (LastModified is null
            || response.Content.Headers.LastModified is not { } modified
            || modified == LastModified);

    /// <summary>Reads what <see cref="Write"/> has written.</summary>
    /// <returns>Null if there is none, or nothing that makes sense.</returns>
    public static DownloadVersion? Read(string path)
    {
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists || file.Length > MostBytes)
            {
                return null;
            }

            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            var root = json.RootElement;
            var version = new DownloadVersion(
                root.GetProperty("uri").GetString()!,
                root.GetProperty("etag").GetString(),
                root.GetProperty("lastModified") is { ValueKind: JsonValueKind.String } date ? date.GetDateTimeOffset() : null,
                root.GetProperty("length").GetInt64());
            return root.GetProperty("version").GetInt32() == Format && version.MakesSense() ? version : null;
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException
            or FormatException or FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>In one step: whoever reads it sees all of it or what was there before. Not flushed to the disk: what a loss of
    /// power leaves of it makes no sense, and then the download begins anew.</summary>
    public void Write(DownloadPaths paths)
    {
        using (var file = new FileStream(paths.Draft, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            using var buffer = new MemoryStream();
            using (var json = new Utf8JsonWriter(buffer))
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

            file.Write(buffer.GetBuffer().AsSpan(0, (int)buffer.Length));
        }

        File.Move(paths.Draft, paths.Sidecar, overwrite: true);
    }

    private bool MakesSense() =>
        Uri is not null
        && Length >= 0
        && (LastModified is not null || ETag is not null)
        && (ETag is null || EntityTagHeaderValue.TryParse(ETag, out _));
}
