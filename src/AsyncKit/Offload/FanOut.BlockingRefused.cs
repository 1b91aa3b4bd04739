using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <content>Async delegates are refused by the compiler, as they are by <see cref="BlockingLane"/>.</content>
public static partial class FanOut
{
    /// <inheritdoc cref="FanOutBlockingAsync{T, TResult}(IEnumerable{T}, BlockingLane, Func{T, CancellationToken, TResult}, CancellationToken)"/>
    [Obsolete(TaskResultGuard.Reason, error: true)]
    [EditorBrowsable(EditorBrowsableState.Never)]
    [OverloadResolutionPriority(1)]
    public static Task FanOutBlockingAsync<T, TTask>(
        this IEnumerable<T> source,
        BlockingLane lane,
        in Func<T, CancellationToken, TTask> work,
        CancellationToken cancellationToken = default)
        where TTask : Task => throw TaskResultGuard.Refusal<TTask>(nameof(work));

    /// <inheritdoc cref="FanOutBlockingAsync{T, TResult}(IEnumerable{T}, BlockingLane, Func{T, CancellationToken, TResult}, CancellationToken)"/>
    [Obsolete(TaskResultGuard.Reason, error: true)]
    [EditorBrowsable(EditorBrowsableState.Never)]
    [OverloadResolutionPriority(1)]
    public static Task FanOutBlockingAsync<T, TTask>(
        this IEnumerable<T> source,
        BlockingLane lane,
        FanOutOptions options,
        in Func<T, CancellationToken, TTask> work,
        CancellationToken cancellationToken = default)
        where TTask : Task => throw TaskResultGuard.Refusal<TTask>(nameof(work));

    /// <inheritdoc cref="FanOutBlockingAsync{T, TResult}(IEnumerable{T}, BlockingLane, Func{T, CancellationToken, TResult}, CancellationToken)"/>
    [Obsolete(TaskResultGuard.Reason, error: true)]
    [EditorBrowsable(EditorBrowsableState.Never)]
    [OverloadResolutionPriority(1)]
    public static Task FanOutBlockingAsync<T, TTask>(
        this IEnumerable<T> source,
        int maxThreads,
        in Func<T, CancellationToken, TTask> work,
        CancellationToken cancellationToken = default)
        where TTask : Task => throw TaskResultGuard.Refusal<TTask>(nameof(work));

    /// <inheritdoc cref="FanOutBlockingAsync{T, TResult}(IEnumerable{T}, BlockingLane, Func{T, CancellationToken, TResult}, CancellationToken)"/>
    [Obsolete(TaskResultGuard.Reason, error: true)]
    [EditorBrowsable(EditorBrowsableState.Never)]
    [OverloadResolutionPriority(3)]
    public static Task FanOutBlockingAsync<T, TTask>(
        this IAsyncEnumerable<T> source,
        BlockingLane lane,
        in Func<T, CancellationToken, TTask> work,
        CancellationToken cancellationToken = default)
        where TTask : Task => throw TaskResultGuard.Refusal<TTask>(nameof(work));

    /// <inheritdoc cref="FanOutBlockingAsync{T, TResult}(IEnumerable{T}, BlockingLane, Func{T, CancellationToken, TResult}, CancellationToken)"/>
    [Obsolete(TaskResultGuard.Reason, error: true)]
    [EditorBrowsable(EditorBrowsableState.Never)]
    [OverloadResolutionPriority(3)]
    public static Task FanOutBlockingAsync<T, TTask>(
        this IAsyncEnumerable<T> source,
        BlockingLane lane,
        FanOutOptions options,
        in Func<T, CancellationToken, TTask> work,
        CancellationToken cancellationToken = default)
        where TTask : Task => throw TaskResultGuard.Refusal<TTask>(nameof(work));

    /// <inheritdoc cref="FanOutBlockingAsync{T, TResult}(IEnumerable{T}, BlockingLane, Func{T, CancellationToken, TResult}, CancellationToken)"/>
    [Obsolete(TaskResultGuard.Reason, error: true)]
    [EditorBrowsable(EditorBrowsableState.Never)]
    [OverloadResolutionPriority(3)]
    public static Task FanOutBlockingAsync<T, TTask>(
        this IAsyncEnumerable<T> source,
        int maxThreads,
        in Func<T, CancellationToken, TTask> work,
        CancellationToken cancellationToken = default)
        where TTask : Task => throw TaskResultGuard.Refusal<TTask>(nameof(work));
}
