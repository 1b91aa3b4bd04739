using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <summary>Builds cancelled and faulted tasks, the same way for every feature.</summary>
internal static class TaskExceptions
{
    /// <summary>Creates the task of an async method that throws <paramref name="exception"/>: cancelled by an
    /// <see cref="OperationCanceledException"/>, else faulted. Awaiting it throws this very object.</summary>
    public static Task<T> From<T>(Exception exception)
    {
        // Only the builder of an async method creates a cancelled task that keeps the exception object.
        var builder = AsyncTaskMethodBuilder<T>.Create();
        var task = builder.Task;
        builder.SetException(exception);
        return task;
    }

    /// <summary>Creates the task of a run that did not succeed.</summary>
    /// <param name="outcome">The result of <see cref="FailureRecord.Conclude"/>.</param>
    /// <param name="task">The task, or null if the run succeeded.</param>
    /// <returns>True if the run did not succeed.</returns>
    public static bool TryFrom<T>(
        (OperationCanceledException? Cancelled, IReadOnlyList<Exception> Faults) outcome,
        [NotNullWhen(true)] out Task<T>? task)
    {
        task = outcome.Cancelled is { } cancelled ? From<T>(cancelled)
            : outcome.Faults.Count > 0 ? Faulted<T>(outcome.Faults)
            : null;
        return task is not null;
    }

    /// <summary>Creates a faulted task. Awaiting it throws the first exception; its Exception contains all.</summary>
    public static Task<T> Faulted<T>(IEnumerable<Exception> exceptions)
    {
        var faulted = new TaskCompletionSource<T>();
        faulted.SetException(exceptions);
        return faulted.Task;
    }

    /// <summary>Creates the task of an operation that threw, and whose cleanups may have failed too. Awaiting it
    /// throws the exception of the operation.</summary>
    public static Task<T> WithCleanupFailures<T>(
        Exception primary, IReadOnlyList<Exception> cleanups, CancellationToken token) => (primary, cleanups) switch
        {
            (_, []) => From<T>(primary),
            (OperationCanceledException cancelled, _) when token.IsCancellationRequested =>
                From<T>(new CanceledWithFailureException(
                    Combine(cancelled is CanceledWithFailureException { InnerException: { } failure }
                        ? [failure, .. cleanups]
                        : cleanups),
                    cancelled.CancellationToken)),
            _ => Faulted<T>([primary, .. cleanups]),
        };

    /// <summary>Returns a single exception unchanged, and several as one <see cref="AggregateException"/>.</summary>
    public static Exception Combine(IReadOnlyList<Exception> exceptions) =>
        exceptions is [var one] ? one : new AggregateException(exceptions);
}
