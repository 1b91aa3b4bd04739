using Microsoft.Extensions.Logging;

namespace AsyncKit;

/// <content>80 to 99: diagnostics.</content>
internal static partial class Log
{
    public static void Found(ILogger logger, BlockingFinding finding)
    {
        switch (finding.Kind)
        {
            case BlockingKind.SynchronousWait:
                ThreadWaits(logger, finding, finding.Suppressed, finding.StackTrace);
                break;
            case BlockingKind.PoolStarvation:
                PoolStarves(logger, finding, finding.Suppressed, finding.StackTrace);
                break;
            default:
                PrefixIsSlow(logger, finding, finding.Suppressed);
                break;
        }
    }

    [LoggerMessage(83, LogLevel.Warning, "What a blocking detector has called threw.")]
    public static partial void OnBlockingFailed(ILogger logger, Exception exception);

    [LoggerMessage(80, LogLevel.Warning, "{Finding} Not told since the last: {Suppressed}.\n{StackTrace}")]
    private static partial void ThreadWaits(
        ILogger logger, BlockingFinding finding, long suppressed, string? stackTrace);

    [LoggerMessage(81, LogLevel.Warning, "{Finding} Not told since the last: {Suppressed}.\n{StackTrace}")]
    private static partial void PoolStarves(
        ILogger logger, BlockingFinding finding, long suppressed, string? stackTrace);

    [LoggerMessage(82, LogLevel.Warning, "{Finding} Not told since the last: {Suppressed}.")]
    private static partial void PrefixIsSlow(ILogger logger, BlockingFinding finding, long suppressed);
}
