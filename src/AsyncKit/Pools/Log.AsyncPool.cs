using Microsoft.Extensions.Logging;

namespace AsyncKit;

internal static partial class Log
{
    [LoggerMessage(60, LogLevel.Warning, "{Pool}: an item could not be validated and is disposed of.")]
    public static partial void PoolItemNotValidated(ILogger logger, string pool, Exception exception);

    [LoggerMessage(61, LogLevel.Warning, "{Pool}: an item could not be reset and is disposed of.")]
    public static partial void PoolItemNotReset(ILogger logger, string pool, Exception exception);

    [LoggerMessage(62, LogLevel.Warning, "{Pool}: an item has thrown when it was disposed of.")]
    public static partial void PoolItemNotDisposed(ILogger logger, string pool, Exception exception);
}
