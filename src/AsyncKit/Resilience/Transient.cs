using System.Data.Common;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Security.Authentication;

namespace AsyncKit;

/// <summary>Classifies failures: a transient one may disappear with a retry.</summary>
public static class Transient
{
    private const string MarkKey = "AsyncKit.Transient";
    private const int DefaultHResult = unchecked((int)0x80131620); // COR_E_IO

    /// <summary>Returns whether another attempt may succeed.</summary>
    /// <param name="exception">The exception of an attempt.</param>
    /// <returns>
    /// True for these exceptions; otherwise, false.
    /// <list type="bullet">
    /// <item>An <see cref="HttpRequestException"/> with status 408, 429 or 5xx, or without a status. Not one about a
    /// limit of the client, for example the length of a response, or about a certificate or the credentials of a
    /// connection: an <see cref="AuthenticationException"/> inside.</item>
    /// <item>A <see cref="TimeoutException"/>, and an <see cref="OperationCanceledException"/> whose inner exception is
    /// one, such as HttpClient's own timeout.</item>
    /// <item>A <see cref="SocketException"/>, and an <see cref="IOException"/> of a transport. Not one about a file, a
    /// folder or a path.</item>
    /// <item>A <see cref="DbException"/> whose IsTransient is true.</item>
    /// <item>An <see cref="AggregateException"/> if all inner exceptions are transient.</item>
    /// <item>Any exception whose <c>Data["AsyncKit.Transient"]</c> is true, as a failure from another process has
    /// it.</item>
    /// </list>
    /// </returns>
    /// <exception cref="ArgumentNullException"><paramref name="exception"/> is null.</exception>
    /// <example>
    /// <code>
    /// var options = new RetryOptions
    /// {
    ///     ShouldRetry = exception =&gt; Transient.IsTransient(exception) || exception is BusyException,
    /// };
    /// </code>
    /// </example>
    public static bool IsTransient(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return exception.Data[MarkKey] is true || exception switch
        {
            HttpRequestException { StatusCode: { } status } => IsTransientStatus(status),
            HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } => false,
            HttpRequestException when IsAuthentication(exception.InnerException) => false,
            HttpRequestException or TimeoutException or SocketException => true,
            OperationCanceledException => IsTimeout(exception),
            DbException { IsTransient: var isTransient } => isTransient,
            FileNotFoundException or DirectoryNotFoundException or DriveNotFoundException or PathTooLongException
                or FileLoadException => false,
            IOException transport => IsTransport(transport),
            AggregateException { InnerExceptions.Count: > 0 } all => all.InnerExceptions.All(IsTransient),
            _ => false,
        };
    }

    /// <summary>Returns whether the exception reports too much load at the same time.</summary>
    internal static bool IsThrottled(Exception exception) =>
        exception is HttpRequestException
        {
            StatusCode: HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable,
        }
        || IsTimeout(exception);

    /// <summary>Returns whether a time limit caused the exception. A limit may be reported as a cancellation with the
    /// timeout inside, as HttpClient does. A cancellation by the caller does not count, even if AsyncKit keeps
    /// an earlier timeout inside it.</summary>
    internal static bool IsTimeout(Exception exception) => exception switch
    {
        TimeoutException => true,
        CanceledWithFailureException or CallerCanceledException => false,
        OperationCanceledException cancelled => cancelled.InnerException is TimeoutException,
        AggregateException { InnerExceptions.Count: > 0 } all and not FanOutException => all.InnerExceptions.All(IsTimeout),
        _ => false,
    };

    /// <summary>An exception of the file system has an error number. An exception of a transport has none, but an inner
    /// exception.</summary>
    private static bool IsTransport(IOException exception) =>
        exception is EndOfStreamException or HttpIOException
        || exception.InnerException is SocketException
        || exception.HResult == DefaultHResult;

    /// <summary>A connection through a proxy may have several exceptions around it.</summary>
    private static bool IsAuthentication(Exception? exception) =>
        exception is AuthenticationException
        || (exception is not null && IsAuthentication(exception.InnerException));

    private static bool IsTransientStatus(HttpStatusCode status) =>
        status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || (int)status >= 500;
}
