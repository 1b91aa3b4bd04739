namespace AsyncKit;

/// <summary>Tasks that end as something has ended.</summary>
internal static class TaskExceptions
{
    /// <summary>Ends as an async method that throws this: cancelled or faulted, with this very object.</summary>
#pragma warning disable CS1998 // Only an async method's builder makes a cancelled task with an exception of ours.
    public static async Task<T> ThrowAsync<T>(Exception exception)
#pragma warning restore CS1998
    {
        System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(exception);
        return default;
    }

    /// <summary>Await throws the first; all are in the task's Exception.</summary>
    public static Task<T> Faulted<T>(IEnumerable<Exception> exceptions)
    {
        var faulted = new TaskCompletionSource<T>();
        faulted.SetException(exceptions);
        return faulted.Task;
    }

    /// <summary>Something has ended with an exception, and then its cleanups have failed or not: its exception stays
    /// the one that await throws.</summary>
    public static Task<T> After<T>(Exception primary, IReadOnlyList<Exception> cleanups, CancellationToken token) =>
        (primary, cleanups) switch
        {
            (_, []) => ThrowAsync<T>(primary),
            (OperationCanceledException cancelled, _) when token.IsCancellationRequested =>
                ThrowAsync<T>(new CanceledWithFailureException(
                    OneOf(cancelled is CanceledWithFailureException { InnerException: { } failure }
                        ? [failure, .. cleanups]
                        : cleanups),
                    cancelled.CancellationToken)),
            _ => Faulted<T>([primary, .. cleanups]),
        };

    /// <summary>The only one as it is, several together.</summary>
    public static Exception OneOf(IReadOnlyList<Exception> exceptions) =>
        exceptions is [var one] ? one : new AggregateException(exceptions);
}
