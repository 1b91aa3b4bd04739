using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace AsyncKit.Benchmarks;

/// <summary>What became of one item; two variants did the same work when these are equal, in the same order.</summary>
internal sealed record Fetched(string Name, string Title, int Links, long Bytes, string Sha256)
{
    /// <summary>Reads an HTML page: its title and how many links it has.</summary>
    public static Fetched FromPage(string name, ReadOnlySpan<byte> html)
    {
        var start = html.IndexOf("<title>"u8) + "<title>"u8.Length;
        var length = html[start..].IndexOf("</title>"u8);
        var title = Encoding.UTF8.GetString(html.Slice(start, length));
        return new Fetched(name, title, html.Count("<a "u8), html.Length, Hash(html));
    }

    public static Fetched FromFile(string name, ReadOnlySpan<byte> content) =>
        new(name, "", 0, content.Length, Hash(content));

    /// <summary>Enough to tell two results apart in a message.</summary>
    public string Summary() => string.Create(
        CultureInfo.InvariantCulture, $"{Name} ({Bytes} bytes, {Links} links, SHA-256 {Sha256[..8]}, title '{Title}')");

    private static string Hash(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content));
}
