using Microsoft.Extensions.Logging;

namespace AsyncKit;

internal static partial class Log
{
    [LoggerMessage(20, LogLevel.Information, "{Operation} failed on attempt {Attempt}; retrying in {Delay}.")]
    public static partial void Retrying(ILogger logger, string operation, int attempt, TimeSpan delay, Exception exception);

    [LoggerMessage(21, LogLevel.Warning, "{Operation} completed {Elapsed} after it was abandoned.")]
    public static partial void Abandoned(ILogger logger, string operation, TimeSpan elapsed, Exception? exception);

    [LoggerMessage(22, LogLevel.Warning, "{Operation} was cancelled; a callback of its token threw an exception.")]
    public static partial void CallbackFailed(ILogger logger, string operation, Exception exception);
}
