using Microsoft.Extensions.Logging;

namespace AsyncKit.Hosting;

/// <summary>The log messages of consumers, with ids from 140 to 159.</summary>
internal static partial class ConsumerLog
{
    [LoggerMessage(140, LogLevel.Information, "The consumer {Consumer} started; at most {MaxConcurrency} items at once.")]
    public static partial void Started(ILogger logger, string consumer, int maxConcurrency);

    [LoggerMessage(
        141, LogLevel.Error, "Item {Index} of the consumer {Consumer} failed on attempt {Attempts}, after {Elapsed}; continuing.")]
    public static partial void ItemFailed(
        ILogger logger, string consumer, int index, int attempts, TimeText elapsed, Exception exception);

    [LoggerMessage(142, LogLevel.Error, "The consumer {Consumer} failed; restarting in {Delay}.")]
    public static partial void Restarting(ILogger logger, string consumer, TimeText delay, Exception exception);

    [LoggerMessage(143, LogLevel.Error, "The consumer {Consumer} failed; it does not restart.")]
    public static partial void Failed(ILogger logger, string consumer, Exception exception);

    [LoggerMessage(144, LogLevel.Warning, "The source of the consumer {Consumer} ended: {Succeeded} succeeded, {Failed} failed.")]
    public static partial void SourceEnded(ILogger logger, string consumer, long succeeded, long failed);

    [LoggerMessage(145, LogLevel.Information, "The consumer {Consumer} is draining; {Active} handlers are running.")]
    public static partial void Draining(ILogger logger, string consumer, int active);

    [LoggerMessage(146, LogLevel.Information, "The consumer {Consumer} stopped: {Succeeded} succeeded, {Failed} failed. Items that it did not take stay in the source.")]
    public static partial void Stopped(ILogger logger, string consumer, long succeeded, long failed);

    [LoggerMessage(
        147, LogLevel.Error, "The consumer {Consumer} did not drain within the shutdown timeout; cancelling {Active} handlers.")]
    public static partial void Aborting(ILogger logger, string consumer, int active);

    [LoggerMessage(148, LogLevel.Error, "The consumer {Consumer} lost {Items} items that it took from its source.")]
    public static partial void LostItems(ILogger logger, string consumer, long items);

    [LoggerMessage(
        149, LogLevel.Error, "The consumer {Consumer} did not stop within {Limit} of the abort; abandoning {Active} handlers.")]
    public static partial void Abandoning(ILogger logger, string consumer, TimeText limit, int active);

    [LoggerMessage(
        150, LogLevel.Warning, "Item {Index} of the consumer {Consumer} exceeded SlowItemThreshold; still running after {Elapsed}.")]
    public static partial void ItemIsSlow(ILogger logger, string consumer, int index, TimeText elapsed);
}
