using System.Collections;
using System.Security.Authentication;

namespace AsyncKit.Http;

/// <summary>Adds the URL and the file to the messages of failures.</summary>
internal static class DownloadFailure
{
    /// <returns>An exception of the same type if it is one of .NET that a download usually throws. Any other becomes an
    /// <see cref="IOException"/>.</returns>
    public static Exception Named(Exception exception, Uri uri, string path)
    {
        var named = Copy(
            exception, SafeText.Of($"{Subject(uri, path)} failed: {exception.Message}"), WithSafeMessages(exception));
        foreach (DictionaryEntry entry in exception.Data)
        {
            named.Data[entry.Key] = entry.Value;
        }

        return named;
    }

    public static string Subject(Uri uri, string path) => SafeText.Of($"The download of {UriText.Of(uri)} to {path}");

    private static Exception Copy(Exception exception, string message, Exception? inner)
    {
        Exception copy = exception switch
        {
            HttpRequestException request =>
                new HttpRequestException(request.HttpRequestError, message, inner, request.StatusCode),
            OperationCanceledException { InnerException: TimeoutException } or TimeoutException =>
                new TimeoutException(message, inner),
            OperationCanceledException cancelled =>
                new OperationCanceledException(message, inner, cancelled.CancellationToken),
            UnauthorizedAccessException => new UnauthorizedAccessException(message, inner),
            AuthenticationException => new AuthenticationException(message, inner),
            HttpIOException body => new HttpIOException(body.HttpRequestError, message, inner),
            DirectoryNotFoundException => new DirectoryNotFoundException(message, inner),
            FileNotFoundException => new FileNotFoundException(message, inner),
            PathTooLongException => new PathTooLongException(message, inner),
            InvalidDataException => new InvalidDataException(message, inner),
            EndOfStreamException => new EndOfStreamException(message, inner),
            _ => new IOException(message, inner),
        };
        copy.HResult = exception.HResult; // It identifies a file error, which is not retried.
        return copy;
    }

    /// <summary>A log may write the messages of the inner exceptions, and these may contain text of a server.</summary>
    private static Exception WithSafeMessages(Exception exception) => HasSafeMessages(exception)
        ? exception
        : Copy(
            exception,
            SafeText.Of(exception.Message),
            exception.InnerException is { } inner ? WithSafeMessages(inner) : null);

    private static bool HasSafeMessages(Exception exception)
    {
        for (var one = exception; one is not null; one = one.InnerException)
        {
            if (!SafeText.IsSafe(one.Message))
            {
                return false;
            }
        }

        return true;
    }
}
