using Microsoft.Extensions.Logging;

namespace AsyncKit.Http;

/// <summary>The log messages of downloads, with event ids from 120 to 139.</summary>
internal static partial class DownloadLog
{
    [LoggerMessage(120, LogLevel.Information, "Attempt {Attempt} to download {Uri} failed with {Bytes} bytes on disk.")]
    public static partial void AttemptFailed(ILogger logger, string uri, int attempt, long bytes, Exception exception);

    [LoggerMessage(121, LogLevel.Debug, "Resuming the download of {Uri} after {Bytes} bytes.")]
    public static partial void Resuming(ILogger logger, string uri, long bytes);

    [LoggerMessage(
        122, LogLevel.Information, "Restarting the download of {Uri}; discarding {Bytes} bytes on disk.")]
    public static partial void Restarting(ILogger logger, string uri, long bytes);
}
