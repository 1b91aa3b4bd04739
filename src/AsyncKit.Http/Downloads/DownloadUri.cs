namespace AsyncKit.Http;

/// <summary>Resolves the address of a file.</summary>
internal static class DownloadUri
{
    /// <exception cref="ArgumentException">The address is relative, and the client has no base address.</exception>
    public static Uri Absolute(Uri uri, Uri? baseAddress, string parameter = "uri") => uri.IsAbsoluteUri
        ? uri
        : baseAddress is not null
            ? new Uri(baseAddress, uri)
            : throw new ArgumentException(
                $"{parameter} must be absolute, or HttpClient.BaseAddress must be set; it was '{UriText.Of(uri)}'.",
                parameter);
}
