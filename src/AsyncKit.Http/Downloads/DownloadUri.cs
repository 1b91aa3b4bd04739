namespace AsyncKit.Http;

/// <summary>Where a file comes from.</summary>
internal static class DownloadUri
{
    /// <exception cref="ArgumentException">It is relative to nothing.</exception>
    public static Uri Absolute(Uri uri, Uri? baseAddress) => uri.IsAbsoluteUri
        ? uri
        : baseAddress is not null
            ? new Uri(baseAddress, uri)
            : throw new ArgumentException(
                $"uri must be absolute where HttpClient has no BaseAddress; it is '{uri.OriginalString}'.", nameof(uri));
}
