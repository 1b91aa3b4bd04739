using System.Collections;
using System.Security.Authentication;

namespace AsyncKit.Http;

/// <summary>Prepares the exceptions of .NET's HTTP classes for messages and logs: they quote raw text
/// of the server, for example an invalid header line.</summary>
/// <remarks>An exception of another type belongs to user code, and stays.</remarks>
internal static class SafeFailure
{
    /// <summary>Returns a copy with safe messages; null if the exception stays.</summary>
    public static Exception? Of(Exception exception) =>
        IsOfDotNet(exception) && !HasSafeMessages(exception) ? WithSafeMessages(exception) : null;

    /// <summary>Returns an exception whose message names the request; null if the exception stays, or names it
    /// already.</summary>
    /// <param name="exception">The exception.</param>
    /// <param name="request">The request.</param>
    /// <param name="isUserCode">True if a user-supplied reader may be the source of the exception.</param>
    public static Exception? Named(Exception exception, HttpRequestMessage request, bool isUserCode)
    {
        if (exception.Message.Contains(UriText.Of(request.RequestUri), StringComparison.Ordinal))
        {
            return Of(exception);
        }

        var message = $"{UriText.Of(request)} failed: {exception.Message}";
        return IsOfDotNet(exception) ? Named(exception, message)
            : isUserCode ? null
            : exception.GetType() == typeof(InvalidOperationException) // A relative address, or damaged Brotli.
                ? new InvalidOperationException(SafeText.Of(message), exception)
            : exception.GetType() == typeof(NotSupportedException) // Its scheme is not one of HTTP.
                ? new NotSupportedException(SafeText.Of(message), exception)
            : null;
    }

    /// <summary>Returns a copy with this message, whose inner exception is the original one with safe messages.</summary>
    /// <returns>An exception of the same type if it is one of .NET that a request or a file usually throws. Any other
    /// becomes an <see cref="IOException"/>.</returns>
    public static Exception Named(Exception exception, string message) =>
        Copy(exception, SafeText.Of(message), WithSafeMessages(exception));

    private static bool IsOfDotNet(Exception exception) =>
        exception.GetType() == typeof(HttpRequestException)
        || exception.GetType() == typeof(HttpIOException)
        || exception.GetType() == typeof(IOException)
        || exception.GetType() == typeof(InvalidDataException); // Compressed content is damaged.

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

    /// <summary>A log may write the messages of the inner exceptions, and these may contain text of a server.</summary>
    private static Exception WithSafeMessages(Exception exception) => HasSafeMessages(exception)
        ? exception
        : Copy(
            exception,
            SafeText.Of(exception.Message),
            exception.InnerException is { } inner ? WithSafeMessages(inner) : null);

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
            HttpIOException body => new HttpIOException(body.HttpRequestError, WithoutError(message, body), inner),
            DirectoryNotFoundException => new DirectoryNotFoundException(message, inner),
            FileNotFoundException => new FileNotFoundException(message, inner),
            PathTooLongException => new PathTooLongException(message, inner),
            InvalidDataException => new InvalidDataException(message, inner),
            EndOfStreamException => new EndOfStreamException(message, inner),
            _ => new IOException(message, inner),
        };
        copy.HResult = exception.HResult; // It identifies a file error, which is not retried.
        foreach (DictionaryEntry entry in exception.Data)
        {
            copy.Data[entry.Key] = entry.Value;
        }

        return copy;
    }

    /// <summary>Removes the name of the error, which the message of the copy appends again.</summary>
    private static string WithoutError(string message, HttpIOException exception)
    {
        var error = $" ({exception.HttpRequestError})";
        return message.EndsWith(error, StringComparison.Ordinal) ? message[..^error.Length] : message;
    }
}
