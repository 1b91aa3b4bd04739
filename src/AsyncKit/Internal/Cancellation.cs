namespace AsyncKit;

/// <summary>What counts as the end by a token.</summary>
internal static class Cancellation
{
    /// <summary>Also what <c>Task.Wait()</c> makes of it.</summary>
    public static bool Is(Exception exception) =>
        exception is OperationCanceledException
        || (exception is AggregateException all and not FanOutException
            && all.InnerExceptions.Count > 0
            && all.Flatten().InnerExceptions.All(inner => inner is OperationCanceledException));

    /// <summary>With the caller's token, whatever token was thrown with.</summary>
    public static OperationCanceledException ByCaller(Exception exception, CancellationToken caller) =>
        exception is OperationCanceledException cancelled && cancelled.CancellationToken == caller
            ? cancelled
            : new OperationCanceledException(exception.Message, exception, caller);
}
