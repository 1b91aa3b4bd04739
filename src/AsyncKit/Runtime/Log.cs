using Microsoft.Extensions.Logging;

namespace AsyncKit;

/// <summary>The log messages of the library. No message contains an item.</summary>
/// <remarks>
/// Event ids: 1 to 19 fan-out, 20 to 39 resilience, 40 to 59 offload, 60 to 79 pools and lifetimes, 80 to 99 AsyncKit.Diagnostics,
/// 120 to 139 downloads of AsyncKit.Http, 140 to 159 AsyncKit.RabbitMQ.
/// One declaration has them all: the generator emits several declarations of a class in no fixed order, and then two builds differ.
/// </remarks>
internal static partial class Log
{
    [LoggerMessage(
        1,
        LogLevel.Debug,
        "{Run} completed: {Succeeded} succeeded, {Failed} failed, {Cancelled} cancelled, after {Elapsed}.")]
    public static partial void FanOutCompleted(
        ILogger logger, string run, long succeeded, long failed, long cancelled, TimeText elapsed);

    [LoggerMessage(2, LogLevel.Debug, "{Item} failed on attempt {Attempts}, after {Elapsed}.")]
    public static partial void ItemFailed(
        ILogger logger, string item, int attempts, TimeText elapsed, Exception exception);

    [LoggerMessage(3, LogLevel.Warning, "{Item} exceeded SlowItemThreshold; still running after {Elapsed}.")]
    public static partial void ItemIsSlow(ILogger logger, string item, TimeText elapsed);

    [LoggerMessage(4, LogLevel.Warning, "{Item} failed on attempt {Attempts}, after {Elapsed}; continuing.")]
    public static partial void ItemFailedInRun(
        ILogger logger, string item, int attempts, TimeText elapsed, Exception exception);

    [LoggerMessage(
        5,
        LogLevel.Warning,
        "{Item} failed on attempt {Attempts}, after {Elapsed}; continuing. {Suppressed} failures since the last warning.")]
    public static partial void ItemsFailedInRun(
        ILogger logger, string item, int attempts, TimeText elapsed, long suppressed, Exception exception);

    [LoggerMessage(6, LogLevel.Warning, "{Run} completed; {Suppressed} failures since the last warning.")]
    public static partial void FailuresSuppressed(ILogger logger, string run, long suppressed);

    [LoggerMessage(20, LogLevel.Information, "{Operation} failed on attempt {Attempt}; retrying in {Delay}.")]
    public static partial void Retrying(ILogger logger, string operation, int attempt, TimeText delay, Exception exception);

    [LoggerMessage(21, LogLevel.Warning, "{Operation} completed {Elapsed} after it was abandoned.")]
    public static partial void Abandoned(ILogger logger, string operation, TimeText elapsed, Exception? exception);

    [LoggerMessage(22, LogLevel.Warning, "{Operation} was cancelled; a callback of its token threw an exception.")]
    public static partial void CallbackFailed(ILogger logger, string operation, Exception exception);

    [LoggerMessage(
        EventId = 40,
        Level = LogLevel.Warning,
        Message = "Work on the lane {Lane} failed after its caller abandoned it; dropping the exception.")]
    public static partial void AbandonedWorkFailed(ILogger logger, string lane, Exception exception);

    [LoggerMessage(60, LogLevel.Warning, "{Pool} failed to validate an item; disposing it.")]
    public static partial void PoolItemNotValidated(ILogger logger, string pool, Exception exception);

    [LoggerMessage(61, LogLevel.Warning, "{Pool} failed to reset an item; disposing it.")]
    public static partial void PoolItemNotReset(ILogger logger, string pool, Exception exception);

    [LoggerMessage(62, LogLevel.Warning, "{Pool} failed to dispose an item.")]
    public static partial void PoolItemNotDisposed(ILogger logger, string pool, Exception exception);

    [LoggerMessage(70, LogLevel.Information, "Shutting down: {Reason}.")]
    public static partial void ShutdownStarting(ILogger logger, string reason);

    [LoggerMessage(71, LogLevel.Information, "Stopped taking new work; waiting up to {Limit} for running work.")]
    public static partial void ShutdownDraining(ILogger logger, TimeText limit);

    [LoggerMessage(72, LogLevel.Warning, "Work did not complete within {Limit}; cancelling it.")]
    public static partial void ShutdownAborting(ILogger logger, TimeText limit);

    [LoggerMessage(73, LogLevel.Error, "Work did not complete within {Limit} of its cancellation; abandoning it.")]
    public static partial void ShutdownAbandoning(ILogger logger, TimeText limit);

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
