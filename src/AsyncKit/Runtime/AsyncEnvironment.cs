using System.Runtime.CompilerServices;

#pragma warning disable RS0030 // This is the place.
#pragma warning disable VSTHRD002 // Only of what has completed.
#pragma warning disable VSTHRD001 // Posting to the context that has taken control is the point.

namespace AsyncKit;

/// <summary>
/// The only place in the library that awaits, queues and cancels: every await goes through <c>Cfg</c>, so that where
/// continuations run is decided here and nowhere else.
/// </summary>
/// <remarks>
/// With the AppContext switch AsyncKit.Testing set at the start of the process, and where the current
/// SynchronizationContext is an <see cref="IServiceProvider"/>, that context has everything: continuations and queued
/// work are posted to it, the clock and randomness are what it provides. Without the switch nothing here looks: the JIT
/// takes the constant for what it is.
/// </remarks>
internal static class AsyncEnvironment
{
    private static readonly bool IsControllable =
        AppContext.TryGetSwitch("AsyncKit.Testing", out var isSet) && isSet;

    /// <summary>Null in production, and in tests where nobody has taken control.</summary>
    public static SynchronizationContext? Controller =>
        IsControllable && SynchronizationContext.Current is IServiceProvider ? SynchronizationContext.Current : null;

    /// <summary>Randomness where it is no parameter.</summary>
    public static Random Random => Provided<Random>() ?? Random.Shared;

    /// <summary>The clock to use: a controlled one takes the place of the system's, and of no other.</summary>
    public static TimeProvider Clock(TimeProvider given) =>
        given == TimeProvider.System ? Provided<TimeProvider>() ?? given : given;

    /// <summary>Of the system's clock, whoever has control: cheap to read, and behind by as much as 16.</summary>
    public static long SystemMilliseconds => Environment.TickCount64;

    public static ConfiguredTaskAwaitable NoContext(this Task task) => task.ConfigureAwait(Controller is not null);

    public static ConfiguredTaskAwaitable<T> NoContext<T>(this Task<T> task) =>
        task.ConfigureAwait(Controller is not null);

    public static ConfiguredValueTaskAwaitable NoContext(this ValueTask task) =>
        task.ConfigureAwait(Controller is not null);

    public static ConfiguredValueTaskAwaitable<T> NoContext<T>(this ValueTask<T> task) =>
        task.ConfigureAwait(Controller is not null);

    /// <summary>False on a thread of the user's, such as one that completes what an operation waits for.</summary>
    public static bool IsOnPool => Controller is not null || Thread.CurrentThread.IsThreadPoolThread;

    /// <summary>Awaited, goes on on the pool, whatever context there is.</summary>
    public static ConfiguredTaskAwaitable ToPool() =>
        Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);

    /// <summary>The result or the exception of what has completed; never a wait.</summary>
    public static T Completed<T>(this ValueTask<T> task) => task.GetAwaiter().GetResult();

    /// <inheritdoc cref="Completed{T}"/>
    public static void Completed(this ValueTask task) => task.GetAwaiter().GetResult();

    /// <summary>Queues to the pool, without the caller's ExecutionContext: the item brings its own.</summary>
    public static void Queue(IThreadPoolWorkItem item)
    {
        if (Controller is { } controller)
        {
            controller.Post(static item => ((IThreadPoolWorkItem)item!).Execute(), item);
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal: false);
        }
    }

    /// <summary>Queues to the pool also where a context has control: for what may block, which that context can only
    /// follow on a thread of the pool.</summary>
    public static void QueueBlocking(IThreadPoolWorkItem item) =>
        ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal: false);

    /// <summary>A task to be completed by <see cref="Complete"/>.</summary>
    public static TaskCompletionSource<T> NewCompletion<T>() => new(
        Controller is null ? TaskCreationOptions.RunContinuationsAsynchronously : TaskCreationOptions.None);

    /// <summary>No continuation runs inside the call.</summary>
    public static void Complete<T>(TaskCompletionSource<T> completion, T result)
    {
        if (Controller is { } controller)
        {
            controller.Post(
                static state =>
                {
                    var (completion, result) = ((TaskCompletionSource<T>, T))state!;
                    completion.SetResult(result);
                },
                (completion, result));
        }
        else
        {
            completion.SetResult(result);
        }
    }

    /// <inheritdoc cref="Complete"/>
    public static void Fail<T>(TaskCompletionSource<T> completion, Exception exception)
    {
        if (Controller is { } controller)
        {
            controller.Post(
                static state =>
                {
                    var (completion, exception) = ((TaskCompletionSource<T>, Exception))state!;
                    completion.SetException(exception);
                },
                (completion, exception));
        }
        else
        {
            completion.SetException(exception);
        }
    }

    /// <inheritdoc cref="Complete"/>
    public static void Cancel<T>(TaskCompletionSource<T> completion, CancellationToken token)
    {
        if (Controller is { } controller)
        {
            controller.Post(
                static state =>
                {
                    var (completion, token) = ((TaskCompletionSource<T>, CancellationToken))state!;
                    completion.SetCanceled(token);
                },
                (completion, token));
        }
        else
        {
            completion.SetCanceled(token);
        }
    }

    /// <summary>
    /// Sets the token at once and runs its callbacks on the pool, so that no user code runs inside the call. The task
    /// ends after the last callback and carries what they threw.
    /// </summary>
    public static Task CancelAsync(CancellationTokenSource source) => source.CancelAsync();

    private static T? Provided<T>()
        where T : class => (Controller as IServiceProvider)?.GetService(typeof(T)) as T;
}
