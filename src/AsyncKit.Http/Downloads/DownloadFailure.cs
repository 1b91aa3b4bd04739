namespace AsyncKit.Http;

/// <summary>Adds the URL and the file to the messages of failures.</summary>
internal static class DownloadFailure
{
    /// <inheritdoc cref="SafeFailure.Named(Exception, string)"/>
    public static Exception Named(Exception exception, Uri uri, string path) =>
        SafeFailure.Named(exception, $"{Subject(uri, path)} failed: {exception.Message}");

    public static string Subject(Uri uri, string path) => SafeText.Of($"The download of {UriText.Of(uri)} to {path}");
}
