using Microsoft.Extensions.Logging;

namespace AsyncKit.Http;

/// <summary>What downloads log, with ids from 120 to 139.</summary>
internal static partial class DownloadLog
{
    [LoggerMessage(120, LogLevel.Information, "Attempt {Attempt} to download {Uri} has failed; {Bytes} bytes are on disk.")]
    public static partial void AttemptFailed(ILogger logger, string uri, int attempt, long bytes, Exception exception);

    [LoggerMessage(121, LogLevel.Debug, "The download of {Uri} goes on after {Bytes} bytes.")]
    public static partial void GoesOn(ILogger logger, string uri, long bytes);

    [LoggerMessage(122, LogLevel.Information, "The download of {Uri} begins anew: {Bytes} bytes on disk are of no use any more.")]
    public static partial void BeginsAnew(ILogger logger, string uri, long bytes);
}
