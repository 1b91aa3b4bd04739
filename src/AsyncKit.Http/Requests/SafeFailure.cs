using System.Collections;

namespace AsyncKit.Http;

/// <summary>Prepares the exceptions of .NET's HTTP classes for messages and logs: they quote raw text
/// of the server, for example an invalid header line.</summary>
/// <remarks>An exception of another type belongs to user code, and stays.</remarks>
internal static class SafeFailure
{
    /// <summary>Returns a copy with safe messages; null if the exception stays.</summary>
    public static Exception? Of(Exception exception) =>
        IsOfDotNet(exception) && !HasSafeMessages(exception) ? Copy(exception, SafeText.Of(exception.Message)) : null;

    /// <summary>Returns a copy whose message names the request; null if the exception stays, or names it
    /// already.</summary>
    public static Exception? Named(Exception exception, HttpRequestMessage request)
    {
        var subject = UriText.Of(request.RequestUri);
        return exception is HttpRequestException or HttpIOException
            && IsOfDotNet(exception)
            && !exception.Message.Contains(subject, StringComparison.Ordinal)
            ? Copy(exception, SafeText.Of($"{UriText.Of(request)} failed: {exception.Message}"))
            : Of(exception);
    }

    private static bool IsOfDotNet(Exception exception) =>
        exception.GetType() == typeof(HttpRequestException)
        || exception.GetType() == typeof(HttpIOException)
        || exception.GetType() == typeof(IOException);

    private static bool HasSafeMessages(Exception? exception) =>
        exception is null || (SafeText.IsSafe(exception.Message) && HasSafeMessages(exception.InnerException));

    private static Exception Copy(Exception exception, string message)
    {
        var inner = HasSafeMessages(exception) ? exception : InnerOf(exception);
        Exception copy = exception switch
        {
            HttpRequestException request =>
                new HttpRequestException(request.HttpRequestError, message, inner, request.StatusCode),
            HttpIOException body => new HttpIOException(body.HttpRequestError, message, inner),
            _ => new IOException(message, inner),
        };
        copy.HResult = exception.HResult; // It identifies a file error, which is not transient.
        foreach (DictionaryEntry entry in exception.Data)
        {
            copy.Data[entry.Key] = entry.Value;
        }

        return copy;
    }

    private static Exception? InnerOf(Exception exception) =>
        HasSafeMessages(exception.InnerException) ? exception.InnerException
        : Copy(exception.InnerException!, SafeText.Of(exception.InnerException!.Message));
}
