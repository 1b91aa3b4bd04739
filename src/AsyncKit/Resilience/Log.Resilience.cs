using Microsoft.Extensions.Logging;

namespace AsyncKit;

internal static partial class Log
{
    [LoggerMessage(20, LogLevel.Information, "{Operation} failed in attempt {Attempt} and is tried again in {Delay}.")]
    public static partial void Retrying(ILogger logger, string operation, int attempt, TimeSpan delay, Exception exception);

    [LoggerMessage(21, LogLevel.Warning, "{Operation} was abandoned and ran on for {Elapsed}.")]
    public static partial void Abandoned(ILogger logger, string operation, TimeSpan elapsed, Exception? exception);

    [LoggerMessage(22, LogLevel.Warning, "{Operation} was cancelled, and a callback on its token has thrown.")]
    public static partial void CallbackFailed(ILogger logger, string operation, Exception exception);
}
