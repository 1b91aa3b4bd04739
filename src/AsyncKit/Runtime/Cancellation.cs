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

    /// <summary>With the caller's token, whatever token was thrown with. What had failed inside goes along.</summary>
    public static OperationCanceledException ByCaller(Exception exception, CancellationToken caller) => exception switch
    {
        OperationCanceledException cancelled when cancelled.CancellationToken == caller => cancelled,
        CanceledWithFailureException { InnerException: { } failure } =>
            new CanceledWithFailureException(failure, caller, exception.Message),
        _ => new OperationCanceledException(exception.Message, exception, caller),
    };

    /// <summary>What callbacks on a token have thrown, beside the cancellation itself; null when nothing.</summary>
    public static Exception? FailureOf(Exception? ofCallbacks)
    {
        List<Exception> failures = ofCallbacks switch
        {
            null => [],
            AggregateException all => [.. all.Flatten().InnerExceptions.Where(one => !Is(one))],
            _ => Is(ofCallbacks) ? [] : [ofCallbacks],
        };
        return failures switch
        {
            [] => null,
            [var one] => one,
            _ => new AggregateException(failures),
        };
    }
}
