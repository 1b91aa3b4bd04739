using System.Diagnostics.CodeAnalysis;

namespace AsyncKit;

/// <summary>Distinguishes cancellations from failures.</summary>
internal static class Cancellation
{
    /// <summary>Returns whether the exception is a cancellation, including the <see cref="AggregateException"/> in
    /// which <c>Task.Wait()</c> wraps one.</summary>
    public static bool Is(Exception exception) =>
        exception is OperationCanceledException
        || (exception is AggregateException all and not FanOutException
            && all.InnerExceptions.Count > 0
            && all.Flatten().InnerExceptions.All(inner => inner is OperationCanceledException));

    /// <summary>Returns whether the exception is a cancellation and nothing else: it contains no failure, and it is not
    /// the timeout of the code that threw it, as that of HttpClient is.</summary>
    public static bool IsPlain([NotNullWhen(true)] Exception? exception) =>
        exception is not (null or CanceledWithFailureException or OperationCanceledException
        {
            InnerException: TimeoutException,
        }) && Is(exception);

    /// <summary>Returns a cancellation with the caller's token, regardless of the token it was thrown with. A failure
    /// that accompanies it is kept.</summary>
    public static OperationCanceledException ByCaller(Exception exception, CancellationToken caller) => exception switch
    {
        OperationCanceledException cancelled when cancelled.CancellationToken == caller => cancelled,
        CanceledWithFailureException { InnerException: { } failure } =>
            new CanceledWithFailureException(failure, caller, exception.Message),
        _ => new CallerCanceledException(exception.Message, exception, caller),
    };

    /// <summary>Returns the failures of the callbacks of a token, without cancellations, or null without a
    /// failure.</summary>
    public static Exception? FailureOf(Exception? ofCallbacks)
    {
        IEnumerable<Exception> all = ofCallbacks switch
        {
            null => [],
            AggregateException several => several.Flatten().InnerExceptions,
            _ => [ofCallbacks],
        };
        List<Exception> failures = [.. all.Where(one => !Is(one))];
        return failures.Count == 0 ? null : TaskExceptions.Combine(failures);
    }
}
