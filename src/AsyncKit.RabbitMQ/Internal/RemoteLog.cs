using Microsoft.Extensions.Logging;

namespace AsyncKit.RabbitMQ;

/// <summary>The log messages of remote operations, with event ids from 140 to 159. No message contains an item or a
/// URI.</summary>
internal static partial class RemoteLog
{
    [LoggerMessage(140, LogLevel.Warning, "The connection to the broker was lost ({Reason}); reconnecting.")]
    public static partial void ConnectionLost(ILogger logger, string reason);

    [LoggerMessage(141, LogLevel.Warning, "Attempt {Attempt} to reconnect to the broker failed ({Reason}); retrying.")]
    public static partial void ReconnectFailed(ILogger logger, int attempt, string reason);

    [LoggerMessage(142, LogLevel.Information, "Reconnected to the broker after {Attempts} attempts.")]
    public static partial void Reconnected(ILogger logger, int attempts);

    [LoggerMessage(143, LogLevel.Warning, "The broker blocked the connection ({Reason}); waiting.")]
    public static partial void Blocked(ILogger logger, string reason);

    [LoggerMessage(144, LogLevel.Information, "The broker unblocked the connection.")]
    public static partial void Unblocked(ILogger logger);

    [LoggerMessage(
        145, LogLevel.Error, "Item {Id} of {Operation} was delivered {Deliveries} times; moving it to {Queue}.")]
    public static partial void Dead(ILogger logger, string operation, string id, long deliveries, string queue);

    [LoggerMessage(146, LogLevel.Warning, "{Count} items of {Operation} did not complete within {Limit}; returning them.")]
    public static partial void DrainTimedOut(ILogger logger, string operation, int count, TimeText limit);
}
