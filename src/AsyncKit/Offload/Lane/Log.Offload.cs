using Microsoft.Extensions.Logging;

namespace AsyncKit;

/// <content>Offload: 40 to 59.</content>
internal static partial class Log
{
    [LoggerMessage(
        EventId = 40,
        Level = LogLevel.Warning,
        Message = "Work on the lane {Lane} failed after its caller had abandoned it.")]
    public static partial void AbandonedWorkFailed(ILogger logger, string lane, Exception exception);
}
