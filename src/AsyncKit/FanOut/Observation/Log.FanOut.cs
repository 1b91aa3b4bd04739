using Microsoft.Extensions.Logging;

namespace AsyncKit;

internal static partial class Log
{
    [LoggerMessage(
        1,
        LogLevel.Debug,
        "{Run} has ended: {Succeeded} succeeded, {Failed} failed, {Cancelled} cancelled, in {Elapsed}.")]
    public static partial void FanOutEnded(
        ILogger logger, string run, long succeeded, long failed, long cancelled, TimeSpan elapsed);

    [LoggerMessage(2, LogLevel.Debug, "{Item} has failed in attempt {Attempts}, after {Elapsed}.")]
    public static partial void ItemFailed(
        ILogger logger, string item, int attempts, TimeSpan elapsed, Exception exception);

    [LoggerMessage(3, LogLevel.Warning, "{Item} has been running for {Elapsed}.")]
    public static partial void ItemIsSlow(ILogger logger, string item, TimeSpan elapsed);
}
