using System.Collections;

namespace AsyncKit.Http;

/// <summary>Makes failures name what was downloaded, and where to. They keep their types.</summary>
internal static class DownloadFailure
{
    private const string AttemptsKey = "AsyncKit.Attempts"; // As that of Retry, which counts the attempts of one row.

    /// <returns>The exception itself where its type cannot be made anew.</returns>
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
            named.HResult = exception.HResult; // It tells the error of a file, which is not tried again.
            foreach (DictionaryEntry entry in exception.Data)
            {
                named.Data[entry.Key] = entry.Value;
            }
        }

        return named;
    }

    public static string Subject(Uri uri, string path) => $"The download of {UriText.Of(uri)} to {path}";

    public static void CountAttempts(Exception exception, int attempts)
    {
        if (attempts > 0)
        {
            exception.Data[AttemptsKey] = attempts;
        }
    }
}
