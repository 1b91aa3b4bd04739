using System.Data.Common;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;

namespace AsyncKit;

/// <summary>Which failures may be over when one tries again.</summary>
public static class Transient
{
    private const int HResultOfNoError = unchecked((int)0x80131620); // COR_E_IO

    /// <summary>Whether another attempt may succeed.</summary>
    /// <param name="exception">What an attempt has thrown.</param>
    /// <returns>
    /// True for an <see cref="HttpRequestException"/> without a status, unless it exceeds a limit of the client's such as the
    /// length of a response, or with 408, 429 or 5xx; a
    /// <see cref="TimeoutException"/>; HttpClient's own timeout, which is an <see cref="OperationCanceledException"/> around
    /// one; a <see cref="SocketException"/>; an <see cref="IOException"/> of a transport, so not one that a file, a folder or
    /// a path is to blame for; a <see cref="DbException"/> that says so itself. For an <see cref="AggregateException"/>,
    /// when it is true for each inner one.
    /// </returns>
    /// <exception cref="ArgumentNullException">The exception is null.</exception>
    public static bool IsTransient(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return exception switch
        {
            HttpRequestException { StatusCode: { } status } => IsTransientStatus(status),
            HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } => false,
            HttpRequestException or TimeoutException or SocketException => true,
            OperationCanceledException => IsHttpClientTimeout(exception),
            DbException { IsTransient: var isTransient } => isTransient,
            FileNotFoundException or DirectoryNotFoundException or DriveNotFoundException or PathTooLongException
                or FileLoadException => false,
            IOException transport => IsTransport(transport),
            AggregateException { InnerExceptions.Count: > 0 } all => all.InnerExceptions.All(IsTransient),
            _ => false,
        };
    }

    /// <summary>Whether it says that there was too much at once.</summary>
    internal static bool IsThrottled(Exception exception) =>
        exception is TimeoutException
            or HttpRequestException { StatusCode: HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable }
        || IsHttpClientTimeout(exception);

    internal static bool IsHttpClientTimeout(Exception exception) =>
        exception is TaskCanceledException { InnerException: TimeoutException };

    /// <summary>What the file system throws has the number of its error; a transport's has none, but a cause.</summary>
    private static bool IsTransport(IOException exception) =>
        exception is EndOfStreamException or HttpIOException
        || exception.InnerException is SocketException
        || exception.HResult == HResultOfNoError;

    private static bool IsTransientStatus(HttpStatusCode status) =>
        status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || (int)status >= 500;
}
