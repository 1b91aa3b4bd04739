using Microsoft.Extensions.Logging;

namespace AsyncKit;

/// <content>The shutdown: 70 to 76.</content>
internal static partial class Log
{
    [LoggerMessage(70, LogLevel.Information, "Shutting down: {Reason}.")]
    public static partial void ShutdownBegins(ILogger logger, string reason);

    [LoggerMessage(71, LogLevel.Information, "No new work is taken. What runs may take up to {Limit}.")]
    public static partial void ShutdownDrains(ILogger logger, TimeSpan limit);

    [LoggerMessage(72, LogLevel.Warning, "What runs has not ended within {Limit} and is cancelled.")]
    public static partial void ShutdownAborts(ILogger logger, TimeSpan limit);

    [LoggerMessage(73, LogLevel.Error, "What runs has not ended within {Limit} of being cancelled and is left behind.")]
    public static partial void ShutdownLeaves(ILogger logger, TimeSpan limit);

    [LoggerMessage(74, LogLevel.Error, "A hook of the shutdown has failed.")]
    public static partial void ShutdownHookFailed(ILogger logger, Exception exception);

    [LoggerMessage(75, LogLevel.Warning, "A second signal, {Signal}: the process ends at once with exit code {Code}.")]
    public static partial void ShutdownAtOnce(ILogger logger, string signal, int code);

    [LoggerMessage(76, LogLevel.Information, "Shut down, exit code {Code}.")]
    public static partial void ShutdownEnded(ILogger logger, int code);
}
