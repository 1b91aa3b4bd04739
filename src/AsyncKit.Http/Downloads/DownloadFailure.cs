using System.Collections;

namespace AsyncKit.Http;

/// <summary>Adds the URL and the file to the messages of failures, which keep their types.</summary>
internal static class DownloadFailure
{
    /// <returns>The exception itself if its type cannot be copied.</returns>
    public static Exception Named(Exception exception, Uri uri, string path)
    {
        var message = $"{Subject(uri, path)} failed: {exception.Message}";
        var named = exception switch
        {
            HttpRequestException request =>
                new HttpRequestException(request.HttpRequestError, message, request, request.StatusCode),
            OperationCanceledException { InnerException: TimeoutException } => new TimeoutException(message, exception),
            TimeoutException => new TimeoutException(message, exception),
            UnauthorizedAccessException => new UnauthorizedAccessException(message, exception),
            HttpIOException body => new HttpIOException(body.HttpRequestError, message, body),
            DirectoryNotFoundException => new DirectoryNotFoundException(message, exception),
            FileNotFoundException => new FileNotFoundException(message, exception),
            PathTooLongException => new PathTooLongException(message, exception),
            InvalidDataException => new InvalidDataException(message, exception),
            EndOfStreamException => new EndOfStreamException(message, exception),
            IOException => new IOException(message, exception),
            _ => exception,
        };
        if (!ReferenceEquals(named, exception))
        {
            named.HResult = exception.HResult; // It identifies a file error, which is not retried.
            foreach (DictionaryEntry entry in exception.Data)
            {
                named.Data[entry.Key] = entry.Value;
            }
        }

        return named;
    }

    public static string Subject(Uri uri, string path) => $"The download of {UriText.Of(uri)} to {path}";
}
