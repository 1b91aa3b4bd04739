using Microsoft.Extensions.Logging;

namespace AsyncKit;

internal static partial class Log
{
    [LoggerMessage(
        1,
        LogLevel.Debug,
        "{Run} completed: {Succeeded} succeeded, {Failed} failed, {Cancelled} cancelled, after {Elapsed}.")]
    public static partial void FanOutCompleted(
        ILogger logger, string run, long succeeded, long failed, long cancelled, TimeSpan elapsed);

    [LoggerMessage(2, LogLevel.Debug, "{Item} failed on attempt {Attempts}, after {Elapsed}.")]
    public static partial void ItemFailed(
        ILogger logger, string item, int attempts, TimeSpan elapsed, Exception exception);

    [LoggerMessage(3, LogLevel.Warning, "{Item} exceeded SlowItemThreshold; still running after {Elapsed}.")]
    public static partial void ItemIsSlow(ILogger logger, string item, TimeSpan elapsed);

    [LoggerMessage(4, LogLevel.Warning, "{Item} failed on attempt {Attempts}, after {Elapsed}; continuing.")]
    public static partial void ItemFailedInRun(
        ILogger logger, string item, int attempts, TimeSpan elapsed, Exception exception);

    [LoggerMessage(
        5,
        LogLevel.Warning,
        "{Item} failed on attempt {Attempts}, after {Elapsed}; continuing. {Suppressed} failures since the last warning.")]
    public static partial void ItemsFailedInRun(
        ILogger logger, string item, int attempts, TimeSpan elapsed, long suppressed, Exception exception);

    [LoggerMessage(6, LogLevel.Warning, "{Run} completed; {Suppressed} failures since the last warning.")]
    public static partial void FailuresSuppressed(ILogger logger, string run, long suppressed);
}
