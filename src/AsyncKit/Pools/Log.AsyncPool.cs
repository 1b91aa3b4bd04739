using Microsoft.Extensions.Logging;

namespace AsyncKit;

internal static partial class Log
{
    [LoggerMessage(60, LogLevel.Warning, "{Pool} failed to validate an item; disposing it.")]
    public static partial void PoolItemNotValidated(ILogger logger, string pool, Exception exception);

    [LoggerMessage(61, LogLevel.Warning, "{Pool} failed to reset an item; disposing it.")]
    public static partial void PoolItemNotReset(ILogger logger, string pool, Exception exception);

    [LoggerMessage(62, LogLevel.Warning, "{Pool} failed to dispose an item.")]
    public static partial void PoolItemNotDisposed(ILogger logger, string pool, Exception exception);
}
