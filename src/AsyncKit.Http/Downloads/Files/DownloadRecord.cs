using System.Text;
using System.Text.Json;

namespace AsyncKit.Http;

/// <summary>The content of a sidecar.</summary>
/// <param name="Owner">The download that wrote it last.</param>
/// <param name="Token">The part of the name of the partial file that no other program can know.</param>
/// <param name="Source">The hash of the address; null if no bytes were received.</param>
/// <param name="Version">The version of the bytes; null if no download can resume from them.</param>
/// <param name="Part">The identity of the partial file; null if it is unknown or the file does not exist yet.</param>
internal sealed record DownloadRecord(
    string Owner, string Token, DownloadSource? Source = null, DownloadVersion? Version = null, string? Part = null)
{
    /// <summary>A larger file is not a sidecar.</summary>
    public const int MaxBytes = 64 * 1024;

    private const int BlockSize = 1024;
    private const int Format = 2;

    /// <summary>Returns true if a download wrote this content into this file, even if a part of it is damaged. A copy of a
    /// sidecar belongs to its author. Zeros are the content of a sidecar whose process or computer stopped before the
    /// first write.</summary>
    /// <param name="content">The content.</param>
    /// <param name="file">The identity of the file with the content; null if the platform reports none.</param>
    public static bool IsOwn(ReadOnlySpan<byte> content, string? file) =>
        content.StartsWith(Encoding.ASCII.GetBytes(Start(file))) || !content.ContainsAnyExcept((byte)0);

    /// <returns>Null if the content does not name a partial file. Without a valid version, the record has no
    /// version.</returns>
    public static DownloadRecord? Parse(ReadOnlyMemory<byte> content)
    {
        try
        {
            using var json = JsonDocument.Parse(content);
            var root = json.RootElement;
            var (owner, token) = (Text(root, "owner"), Text(root, "token"));
            return owner is null || !IsToken(token)
                ? null
                : new DownloadRecord(owner, token!, SourceOf(root), VersionOf(root), Text(root, "part"));
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Returns the content, padded to whole blocks, so that a shorter record overwrites a longer one
    /// completely in one write.</summary>
    /// <param name="minLength">The minimum length, in bytes.</param>
    /// <param name="file">The identity of the file that gets the content; null if the platform reports none.</param>
    public byte[] ToBytes(int minLength, string? file)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("asynckit", "download"); // Both must be first: see Start.
            json.WriteString("file", file);
            json.WriteNumber("format", Format);
            json.WriteString("owner", Owner);
            json.WriteString("token", Token);
            json.WriteString("url", Source?.Url);
            json.WriteString("resource", Source?.Resource);
            json.WriteString("etag", Version?.ETag);
            json.WriteString("lastModified", Version?.LastModified?.ToString("O"));
            json.WriteBoolean("isDateStrong", Version?.IsDateStrong ?? false);
            json.WriteNumber("length", Version?.Length ?? -1);
            json.WriteString("part", Part);
            json.WriteEndObject();
        }

        var blocks = (Math.Max((int)stream.Length, minLength) + BlockSize - 1) / BlockSize;
        var bytes = new byte[blocks * BlockSize];
        Array.Fill(bytes, (byte)' ');
        stream.ToArray().CopyTo(bytes, 0);
        return bytes;
    }

    private static string Start(string? file) =>
        "{\"asynckit\":\"download\"," + (file is null ? "" : $"\"file\":\"{file}\",");

    private static bool IsToken(string? token) =>
        token?.Length == DownloadPaths.TokenDigits && token.All(char.IsAsciiHexDigitLower);

    private static DownloadSource? SourceOf(JsonElement root) =>
        (Text(root, "url"), Text(root, "resource")) is ({ } url, { } resource) ? new(url, resource) : null;

    private static DownloadVersion? VersionOf(JsonElement root)
    {
        if (Number(root, "format") != Format || Number(root, "length") is not { } length)
        {
            return null;
        }

        DateTimeOffset? modified = root.TryGetProperty("lastModified", out var date)
            && date.ValueKind == JsonValueKind.String && date.TryGetDateTimeOffset(out var parsed) ? parsed : null;
        var isStrong = root.TryGetProperty("isDateStrong", out var strong) && strong.ValueKind == JsonValueKind.True;
        var version = new DownloadVersion(Text(root, "etag"), modified, isStrong, length);
        return version.IsValid() ? version : null;
    }

    private static long? Number(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number
            && value.TryGetInt64(out var number) ? number : null;

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
