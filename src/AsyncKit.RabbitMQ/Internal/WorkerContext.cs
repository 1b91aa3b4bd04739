using Microsoft.Extensions.Logging;

namespace AsyncKit.RabbitMQ;

/// <summary>The state that all runs of one remote share.</summary>
internal sealed record WorkerContext(
    string Name, LinkKeeper Keeper, CancelFeed Cancellations, ILogger Logger, TimeProvider Clock);
