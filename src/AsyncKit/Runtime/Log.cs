namespace AsyncKit;

/// <summary>The log messages of the library. No message contains an item.</summary>
/// <remarks>
/// Event ids: 1 to 19 fan-out, 20 to 39 resilience, 40 to 59 offload, 60 to 79 pools and lifetimes, 80 to 99 AsyncKit.Diagnostics,
/// 120 to 139 downloads of AsyncKit.Http, 140 to 159 AsyncKit.RabbitMQ. Each feature has its messages in its own file, such as Log.FanOut.cs.
/// </remarks>
internal static partial class Log;
