namespace AsyncKit;

/// <summary>
/// What is logged, each message with an id: 1 to 19 the fan-out, 20 to 39 resilience, 40 to 59 offload, 60 to 79
/// resources, 80 to 99 AsyncKit.Diagnostics. Each capability has its messages in a file of its own, such as Log.FanOut.cs. No
/// message contains an item.
/// </summary>
internal static partial class Log;
