using System.Runtime.CompilerServices;

#pragma warning disable RS0030 // This is the place.
#pragma warning disable VSTHRD002 // Only of what has completed.

namespace AsyncKit;

/// <summary>
/// The only place in the library that awaits, queues and cancels: every await goes through <c>Cfg</c>, so that where
/// continuations run is decided here and nowhere else.
/// </summary>
internal static class Seam
{
    public static ConfiguredTaskAwaitable Cfg(this Task task) => task.ConfigureAwait(false);

    public static ConfiguredValueTaskAwaitable Cfg(this ValueTask task) => task.ConfigureAwait(false);

    public static ConfiguredValueTaskAwaitable<T> Cfg<T>(this ValueTask<T> task) => task.ConfigureAwait(false);

    /// <summary>False on a thread of the user's, such as one that completes what an operation waits for.</summary>
    public static bool IsOnPool => Thread.CurrentThread.IsThreadPoolThread;

    /// <summary>Awaited, goes on on the pool, whatever context there is.</summary>
    public static ConfiguredTaskAwaitable ToPool() =>
        Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);

    /// <summary>The result or the exception of what has completed; never a wait.</summary>
    public static T Completed<T>(this ValueTask<T> task) => task.GetAwaiter().GetResult();

    /// <inheritdoc cref="Completed{T}"/>
    public static void Completed(this ValueTask task) => task.GetAwaiter().GetResult();

    /// <summary>Queues to the pool, without the caller's ExecutionContext: the item brings its own.</summary>
    public static void Queue(IThreadPoolWorkItem item) => ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal: false);

    /// <summary>
    /// Sets the token at once and runs its callbacks on the pool, so that no user code runs inside the call. The task
    /// ends after the last callback and carries what they threw.
    /// </summary>
    public static Task CancelAsync(CancellationTokenSource source) => source.CancelAsync();
}
