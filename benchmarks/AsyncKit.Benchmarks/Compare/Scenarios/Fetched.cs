using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace AsyncKit.Benchmarks;

/// <summary>The outcome of one item. Two variants did the same work if their outcomes are equal and in the same
/// order.</summary>
internal sealed record Fetched(string Name, string Title, int Links, long Bytes, string Sha256)
{
    /// <summary>Reads the title and the number of links of an HTML page.</summary>
    public static Fetched FromPage(string name, ReadOnlySpan<byte> html)
    {
        var start = html.IndexOf("<title>"u8) + "<title>"u8.Length;
        var length = html[start..].IndexOf("</title>"u8);
        var title = Encoding.UTF8.GetString(html.Slice(start, length));
        return new Fetched(name, title, html.Count("<a "u8), html.Length, Hash(html));
    }

    public static Fetched FromFile(string name, ReadOnlySpan<byte> content) =>
        new(name, "", 0, content.Length, Hash(content));

    /// <summary>A short text that distinguishes two results in a message.</summary>
    public string Summary() => string.Create(
        CultureInfo.InvariantCulture, $"{Name} ({Bytes} bytes, {Links} links, SHA-256 {Sha256[..8]}, title '{Title}')");

    /// <summary>Compares results with what the server's content must give, in the order of the items.</summary>
    public static string? Difference(IReadOnlyList<Fetched> expected, IEnumerable<Fetched> actual)
    {
        var results = actual.ToList();
        if (results.Count != expected.Count)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{results.Count} results instead of {expected.Count}");
        }

        var wrong = expected.Zip(results).FirstOrDefault(pair => pair.First != pair.Second);
        return wrong.First is null ? null : $"{wrong.Second?.Summary() ?? "nothing"} instead of {wrong.First.Summary()}";
    }

    private static string Hash(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content));
}
