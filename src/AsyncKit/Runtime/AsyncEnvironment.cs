using System.Runtime.CompilerServices;

#pragma warning disable RS0030 // The one file that may use the banned symbols.
#pragma warning disable VSTHRD002 // Only on operations that have already completed.
#pragma warning disable VSTHRD001 // Posts to the controlling context on purpose.

namespace AsyncKit;

/// <summary>The clock, the thread pool and the random numbers of the library.</summary>
/// <remarks>
/// The rest of the library awaits, queues work, cancels and reads the clock only through this class; a list of banned
/// symbols enforces that.
/// <para>
/// In production each member is the plain .NET call. <c>await task.NoContext()</c> is
/// <c>await task.ConfigureAwait(false)</c>, <see cref="Queue"/> is the thread pool, <see cref="Clock"/> returns the
/// clock of the options, <see cref="Random"/> is <see cref="System.Random.Shared"/>.
/// </para>
/// <para>
/// Under an AsyncTest of AsyncKit.Testing, one thread runs every continuation as a step, in a random order that a seed
/// repeats, on virtual time. <c>ConfigureAwait(false)</c> would bypass that: the continuation would run on the thread
/// pool. Therefore <c>NoContext</c> captures the context if a test controls it. <see cref="Queue"/> posts to that
/// context, and clock and random numbers come from it.
/// </para>
/// <para>
/// A test takes control in two steps. The AppContext switch AsyncKit.Testing is set when the process starts, by the
/// package's build files. The current SynchronizationContext implements <see cref="IServiceProvider"/>, which saves a
/// reference to the test package. Without the switch, the JIT compiler removes every check.
/// </para>
/// </remarks>
internal static class AsyncEnvironment
{
    private static readonly bool IsControllable =
        AppContext.TryGetSwitch("AsyncKit.Testing", out var isSet) && isSet;

    /// <summary>The context of the test that is in control; null in production and outside such a test.</summary>
    public static SynchronizationContext? Controller =>
        IsControllable && SynchronizationContext.Current is IServiceProvider ? SynchronizationContext.Current : null;

    /// <summary>The random numbers to use where the caller passes none.</summary>
    public static Random Random => Provided<Random>() ?? Random.Shared;

    /// <summary>Milliseconds of the system clock, even under control. Cheap to read, up to 16 ms behind.</summary>
    public static long SystemMilliseconds => Environment.TickCount64;

    /// <summary>False on a thread that AsyncKit does not own, for example one that completes a
    /// <see cref="TaskCompletionSource"/> of user code.</summary>
    public static bool IsOnPool => Controller is not null || Thread.CurrentThread.IsThreadPoolThread;

    /// <summary>Returns the clock to use: under control the virtual clock replaces the system clock, and no
    /// other.</summary>
    public static TimeProvider Clock(TimeProvider given) =>
        given == TimeProvider.System ? Provided<TimeProvider>() ?? given : given;

    /// <summary>Configures an await to continue on the thread pool, or as a step of the test in control.</summary>
    public static ConfiguredTaskAwaitable NoContext(this Task task) => task.ConfigureAwait(Controller is not null);

    /// <inheritdoc cref="NoContext(Task)"/>
    public static ConfiguredTaskAwaitable<T> NoContext<T>(this Task<T> task) =>
        task.ConfigureAwait(Controller is not null);

    /// <inheritdoc cref="NoContext(Task)"/>
    public static ConfiguredValueTaskAwaitable NoContext(this ValueTask task) =>
        task.ConfigureAwait(Controller is not null);

    /// <inheritdoc cref="NoContext(Task)"/>
    public static ConfiguredValueTaskAwaitable<T> NoContext<T>(this ValueTask<T> task) =>
        task.ConfigureAwait(Controller is not null);

    /// <summary>As <see cref="NoContext(Task)"/>, for a task whose exception is handled elsewhere or has no receiver:
    /// the await does not throw it, and it counts as observed.</summary>
    public static ConfiguredTaskAwaitable NoThrow(this Task task) => task.ConfigureAwait(
        ConfigureAwaitOptions.SuppressThrowing
        | (Controller is null ? ConfigureAwaitOptions.None : ConfigureAwaitOptions.ContinueOnCapturedContext));

    /// <summary>Continues on the thread pool when awaited, regardless of the current context.</summary>
    public static ConfiguredTaskAwaitable ToPool() =>
        Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);

    /// <summary>Hides the caller's SynchronizationContext from the rest of an async method, which restores it when it
    /// returns.</summary>
    public static void LeaveContext()
    {
        if (Controller is null && SynchronizationContext.Current is not null)
        {
            SynchronizationContext.SetSynchronizationContext(null);
        }
    }

    /// <summary>Returns the result of a completed operation or throws its exception. Never waits.</summary>
    public static T Completed<T>(this ValueTask<T> task) => task.GetAwaiter().GetResult();

    /// <inheritdoc cref="Completed{T}"/>
    public static void Completed(this ValueTask task) => task.GetAwaiter().GetResult();

    /// <summary>Queues work to the thread pool without the caller's ExecutionContext.</summary>
    public static void Queue(IThreadPoolWorkItem item)
    {
        if (Controller is { } controller)
        {
            controller.Post(static item => ((IThreadPoolWorkItem)item!).Execute(), item);
        }
        else
        {
            QueueBlocking(item);
        }
    }

    /// <summary>Queues work that may block to the thread pool, even under control: a test can follow blocking calls
    /// only on threads of the thread pool.</summary>
    public static void QueueBlocking(IThreadPoolWorkItem item) =>
        ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal: false);

    /// <summary>Creates the source of a task that <see cref="Complete"/>, <see cref="Fail"/> or
    /// <see cref="Cancel"/> completes.</summary>
    public static TaskCompletionSource<T> NewCompletion<T>() => new(
        Controller is null ? TaskCreationOptions.RunContinuationsAsynchronously : TaskCreationOptions.None);

    /// <summary>Completes the task of <see cref="NewCompletion"/>. No continuation runs inside the call.</summary>
    public static void Complete<T>(TaskCompletionSource<T> completion, T result)
    {
        if (Controller is { } controller)
        {
            Post(controller, completion, result, static (source, result) => source.SetResult(result));
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
            Post(controller, completion, exception, static (source, exception) => source.SetException(exception));
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
            Post(controller, completion, token, static (source, token) => source.SetCanceled(token));
        }
        else
        {
            completion.SetCanceled(token);
        }
    }

    /// <summary>Cancels the token at once and runs its callbacks on the thread pool, so that no user code runs inside
    /// the call. The task completes after the last callback, with the exceptions of the callbacks.</summary>
    public static Task CancelAsync(CancellationTokenSource source) => source.CancelAsync();

    private static void Post<T, TState>(
        SynchronizationContext controller,
        TaskCompletionSource<T> completion,
        TState state,
        Action<TaskCompletionSource<T>, TState> complete) => controller.Post(_ => complete(completion, state), null);

    private static T? Provided<T>()
        where T : class => (Controller as IServiceProvider)?.GetService(typeof(T)) as T;
}
