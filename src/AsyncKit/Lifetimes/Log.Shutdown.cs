using Microsoft.Extensions.Logging;

namespace AsyncKit;

/// <content>Messages 70 to 78: the shutdown.</content>
internal static partial class Log
{
    [LoggerMessage(70, LogLevel.Information, "Shutting down: {Reason}.")]
    public static partial void ShutdownStarting(ILogger logger, string reason);

    [LoggerMessage(71, LogLevel.Information, "Stopped taking new work; waiting up to {Limit} for running work.")]
    public static partial void ShutdownDraining(ILogger logger, TimeSpan limit);

    [LoggerMessage(72, LogLevel.Warning, "Work did not complete within {Limit}; cancelling it.")]
    public static partial void ShutdownAborting(ILogger logger, TimeSpan limit);

    [LoggerMessage(73, LogLevel.Error, "Work did not complete within {Limit} of its cancellation; abandoning it.")]
    public static partial void ShutdownAbandoning(ILogger logger, TimeSpan limit);

    [LoggerMessage(74, LogLevel.Error, "A shutdown hook failed.")]
    public static partial void ShutdownHookFailed(ILogger logger, Exception exception);

    [LoggerMessage(75, LogLevel.Warning, "Received a second signal, {Signal}; exiting at once with code {Code}.")]
    public static partial void ShutdownExiting(ILogger logger, string signal, int code);

    [LoggerMessage(76, LogLevel.Information, "Shutdown completed with exit code {Code}.")]
    public static partial void ShutdownCompleted(ILogger logger, int code);

    [LoggerMessage(77, LogLevel.Error, "The shutdown cancelled work; {Items} accepted items of fan-outs did not complete.")]
    public static partial void ShutdownLostItems(ILogger logger, long items);

    [LoggerMessage(78, LogLevel.Error, "The main function failed while it was stopping.")]
    public static partial void ShutdownFailed(ILogger logger, Exception exception);
}
