using System.Security.Cryptography;
using System.Text;

namespace AsyncKit.Http;

/// <summary>Identifies an address without containing it, since its query may be a secret.</summary>
/// <param name="Url">The hash of the address without its user info.</param>
/// <param name="Resource">The hash of the address without its query, for a URL that is signed again.</param>
internal sealed record DownloadSource(string Url, string Resource)
{
    /// <param name="uri">An absolute URI.</param>
    public static DownloadSource Of(Uri uri)
    {
        var resource = $"{uri.Scheme}{Uri.SchemeDelimiter}{uri.Authority}{uri.AbsolutePath}";
        return new(Hash(resource + uri.Query), Hash(resource));
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
