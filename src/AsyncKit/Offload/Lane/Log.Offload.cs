using Microsoft.Extensions.Logging;

namespace AsyncKit;

/// <content>Messages 40 to 59: offload.</content>
internal static partial class Log
{
    [LoggerMessage(
        EventId = 40,
        Level = LogLevel.Warning,
        Message = "Work on the lane {Lane} failed after its caller abandoned it; dropping the exception.")]
    public static partial void AbandonedWorkFailed(ILogger logger, string lane, Exception exception);
}
