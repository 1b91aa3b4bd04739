using Microsoft.Extensions.Logging;

namespace AsyncKit.Diagnostics;

/// <summary>The log messages of the detector, with ids from 80 to 99; the ids below are those of AsyncKit.</summary>
internal static partial class DetectorLog
{
    public static void OnFound(ILogger logger, BlockingFinding finding)
    {
        switch (finding.Kind)
        {
            case BlockingKind.SynchronousWait:
                ThreadWaits(logger, finding, finding.StackTrace);
                break;
            case BlockingKind.PoolStarvation:
                PoolStarves(logger, finding, finding.StackTrace);
                break;
            default:
                PrefixIsSlow(logger, finding);
                break;
        }
    }

    [LoggerMessage(83, LogLevel.Warning, "A callback of the blocking detector threw an exception.")]
    public static partial void OnCallbackFailed(ILogger logger, Exception exception);

    [LoggerMessage(80, LogLevel.Warning, "{Finding}\n{StackTrace}")]
    private static partial void ThreadWaits(ILogger logger, BlockingFinding finding, string? stackTrace);

    [LoggerMessage(81, LogLevel.Warning, "{Finding}\n{StackTrace}")]
    private static partial void PoolStarves(ILogger logger, BlockingFinding finding, string? stackTrace);

    [LoggerMessage(82, LogLevel.Warning, "{Finding}")]
    private static partial void PrefixIsSlow(ILogger logger, BlockingFinding finding);
}
