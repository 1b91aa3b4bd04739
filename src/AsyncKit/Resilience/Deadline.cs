using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <summary>Limits how long an operation may run, or how long to wait for a task.</summary>
/// <remarks>
/// <list type="bullet">
/// <item>The token that was cancelled decides the exception. The limit: a <see cref="TimeoutException"/> that names the
/// limit, the operation and the elapsed time. The caller, even if the limit has passed as well: an
/// <see cref="OperationCanceledException"/> with the caller's token.</item>
/// <item>The operation's own exceptions are thrown unchanged. A success after the limit is a success.</item>
/// <item>The operation is always awaited, unless a grace period is set. An operation that exceeds the grace period is
/// abandoned: its exception is observed, and it is counted and logged.</item>
/// <item>WithTimeoutAsync stops waiting for a task that keeps running, and observes its exception.</item>
/// <item>A limit of zero stops the operation before it is called. <see cref="Timeout.InfiniteTimeSpan"/> and limits of
/// more than 49 days disable the limit.</item>
/// <item>The earliest of nested limits applies, and the exception names it.</item>
/// <item>Callbacks on the operation's token never run inside the caller's Cancel(), and all of them have returned when
/// the task completes.</item>
/// </list>
/// </remarks>
public static class Deadline
{
    /// <summary>Runs an operation under a limit. When the limit has passed, the operation's token is
    /// cancelled.</summary>
    /// <typeparam name="TResult">The type of the result.</typeparam>
    /// <param name="operation">The operation. It is called on the caller's thread, with a token that the caller or the
    /// limit cancels. Pass it on.</param>
    /// <param name="limit">The longest time that the operation may take: zero or more. Zero means that the operation is
    /// not called. <see cref="Timeout.InfiniteTimeSpan"/> and values of more than 49 days disable the limit.</param>
    /// <param name="cancellationToken">Cancels the operation's token.</param>
    /// <returns>A task that completes with the result of the operation. Await it once.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null; thrown at the call.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The limit is negative; thrown at the call.</exception>
    /// <exception cref="TimeoutException">The task is faulted with this if the limit stopped the operation.</exception>
    /// <exception cref="OperationCanceledException">The task is cancelled with this if
    /// <paramref name="cancellationToken"/> was cancelled.</exception>
    /// <remarks>See <see cref="Deadline"/> for the guarantees. Cost: no allocation if the operation keeps its limit, on
    /// the system's clock and without a grace period.</remarks>
    /// <example>
    /// <code>
    /// string page = await Deadline.RunAsync(
    ///     token =&gt; http.GetStringAsync(url, token), TimeSpan.FromSeconds(2), cancellationToken);
    /// </code>
    /// </example>
    [OverloadResolutionPriority(3)]
    public static ValueTask<TResult> RunAsync<TResult>(
        Func<CancellationToken, ValueTask<TResult>> operation, TimeSpan limit, CancellationToken cancellationToken = default) =>
        DeadlineEngine.RunAsync(
            static (operation, token) => operation(token), Guards.NotNull(operation), ContextOf(limit), cancellationToken);

    /// <inheritdoc cref="RunAsync{TResult}(Func{CancellationToken, ValueTask{TResult}}, TimeSpan, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public static ValueTask<TResult> RunAsync<TResult>(
        Func<CancellationToken, Task<TResult>> operation, TimeSpan limit, CancellationToken cancellationToken = default) =>
        DeadlineEngine.RunAsync(
            static (operation, token) => DelegateAdapters.AsValueTask(operation(token)),
            Guards.NotNull(operation),
            ContextOf(limit),
            cancellationToken);

    /// <summary>Runs an operation under a limit. When the limit has passed, the operation's token is
    /// cancelled.</summary>
    /// <param name="operation">The operation. It is called on the caller's thread, with a token that the caller or the
    /// limit cancels. Pass it on.</param>
    /// <param name="limit">The longest time that the operation may take: zero or more. Zero means that the operation is
    /// not called. <see cref="Timeout.InfiniteTimeSpan"/> and values of more than 49 days disable the limit.</param>
    /// <param name="cancellationToken">Cancels the operation's token.</param>
    /// <returns>A task that completes when the operation has completed. Await it once.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null; thrown at the call.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The limit is negative; thrown at the call.</exception>
    /// <exception cref="TimeoutException">The task is faulted with this if the limit stopped the operation.</exception>
    /// <exception cref="OperationCanceledException">The task is cancelled with this if
    /// <paramref name="cancellationToken"/> was cancelled.</exception>
    /// <remarks>See <see cref="Deadline"/> for the guarantees. Cost: no allocation if the operation keeps its limit, on
    /// the system's clock and without a grace period.</remarks>
    /// <example>
    /// <code>
    /// string page = await Deadline.RunAsync(
    ///     token =&gt; http.GetStringAsync(url, token), TimeSpan.FromSeconds(2), cancellationToken);
    /// </code>
    /// </example>
    [OverloadResolutionPriority(1)]
    public static ValueTask RunAsync(
        Func<CancellationToken, ValueTask> operation, TimeSpan limit, CancellationToken cancellationToken = default) =>
        DeadlineEngine.RunAsync(
            static (operation, token) => operation(token), Guards.NotNull(operation), ContextOf(limit), cancellationToken);

    /// <inheritdoc cref="RunAsync(Func{CancellationToken, ValueTask}, TimeSpan, CancellationToken)"/>
    public static ValueTask RunAsync(
        Func<CancellationToken, Task> operation, TimeSpan limit, CancellationToken cancellationToken = default) =>
        DeadlineEngine.RunAsync(
            static (operation, token) => DelegateAdapters.AsValueTask(operation(token)),
            Guards.NotNull(operation),
            ContextOf(limit),
            cancellationToken);

    /// <summary>Runs an operation under a limit. When the limit has passed, the operation's token is
    /// cancelled.</summary>
    /// <typeparam name="TResult">The type of the result.</typeparam>
    /// <param name="operation">The operation. It is called on the caller's thread, with a token that the caller or the
    /// limit cancels. Pass it on.</param>
    /// <param name="options">The limit, the grace period, and the name of the operation.</param>
    /// <param name="cancellationToken">Cancels the operation's token.</param>
    /// <returns>A task that completes with the result of the operation. Await it once.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null; thrown at the call.</exception>
    /// <exception cref="TimeoutException">The task is faulted with this if the limit stopped the operation.</exception>
    /// <exception cref="OperationCanceledException">The task is cancelled with this if
    /// <paramref name="cancellationToken"/> was cancelled.</exception>
    /// <remarks>See <see cref="Deadline"/> for the guarantees. Cost: no allocation if the operation keeps its limit, on
    /// the system's clock and without a grace period.</remarks>
    [OverloadResolutionPriority(3)]
    public static ValueTask<TResult> RunAsync<TResult>(
        Func<CancellationToken, ValueTask<TResult>> operation, DeadlineOptions options, CancellationToken cancellationToken = default) =>
        DeadlineEngine.RunAsync(
            static (operation, token) => operation(token), Guards.NotNull(operation), ContextOf(options), cancellationToken);

    /// <inheritdoc cref="RunAsync{TResult}(Func{CancellationToken, ValueTask{TResult}}, DeadlineOptions, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public static ValueTask<TResult> RunAsync<TResult>(
        Func<CancellationToken, Task<TResult>> operation, DeadlineOptions options, CancellationToken cancellationToken = default) =>
        DeadlineEngine.RunAsync(
            static (operation, token) => DelegateAdapters.AsValueTask(operation(token)),
            Guards.NotNull(operation),
            ContextOf(options),
            cancellationToken);

    /// <summary>Runs an operation under a limit. When the limit has passed, the operation's token is
    /// cancelled.</summary>
    /// <param name="operation">The operation. It is called on the caller's thread, with a token that the caller or the
    /// limit cancels. Pass it on.</param>
    /// <param name="options">The limit, the grace period, and the name of the operation.</param>
    /// <param name="cancellationToken">Cancels the operation's token.</param>
    /// <returns>A task that completes when the operation has completed. Await it once.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null; thrown at the call.</exception>
    /// <exception cref="TimeoutException">The task is faulted with this if the limit stopped the operation.</exception>
    /// <exception cref="OperationCanceledException">The task is cancelled with this if
    /// <paramref name="cancellationToken"/> was cancelled.</exception>
    /// <remarks>See <see cref="Deadline"/> for the guarantees. Cost: no allocation if the operation keeps its limit, on
    /// the system's clock and without a grace period.</remarks>
    [OverloadResolutionPriority(1)]
    public static ValueTask RunAsync(
        Func<CancellationToken, ValueTask> operation, DeadlineOptions options, CancellationToken cancellationToken = default) =>
        DeadlineEngine.RunAsync(
            static (operation, token) => operation(token), Guards.NotNull(operation), ContextOf(options), cancellationToken);

    /// <inheritdoc cref="RunAsync(Func{CancellationToken, ValueTask}, DeadlineOptions, CancellationToken)"/>
    public static ValueTask RunAsync(
        Func<CancellationToken, Task> operation, DeadlineOptions options, CancellationToken cancellationToken = default) =>
        DeadlineEngine.RunAsync(
            static (operation, token) => DelegateAdapters.AsValueTask(operation(token)),
            Guards.NotNull(operation),
            ContextOf(options),
            cancellationToken);

    /// <summary>Returns the operation with a separate limit for each call, for example to pass it to a
    /// fan-out.</summary>
    /// <typeparam name="T">The type of the items.</typeparam>
    /// <typeparam name="TResult">The type of the result.</typeparam>
    /// <param name="operation">The operation.</param>
    /// <param name="limit">The longest time that each call may take: zero or more. Zero means that the operation is not
    /// called. <see cref="Timeout.InfiniteTimeSpan"/> and values of more than 49 days disable the limit.</param>
    /// <returns>A function with the same parameters. Its tasks throw as described at <see cref="Deadline"/>.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The limit is negative.</exception>
    /// <example>
    /// <code>
    /// Func&lt;Uri, CancellationToken, Task&lt;string&gt;&gt; get = http.GetStringAsync;
    /// string[] pages = await urls.FanOutAsync(8, get.WithTimeout(TimeSpan.FromSeconds(2)), cancellationToken);
    /// </code>
    /// </example>
    [OverloadResolutionPriority(3)]
    public static Func<T, CancellationToken, ValueTask<TResult>> WithTimeout<T, TResult>(
        this Func<T, CancellationToken, ValueTask<TResult>> operation, TimeSpan limit) =>
        operation.WithTimeout(new DeadlineOptions { Limit = Guards.Limit(limit) });

    /// <inheritdoc cref="WithTimeout{T, TResult}(Func{T, CancellationToken, ValueTask{TResult}}, TimeSpan)"/>
    [OverloadResolutionPriority(2)]
    public static Func<T, CancellationToken, Task<TResult>> WithTimeout<T, TResult>(
        this Func<T, CancellationToken, Task<TResult>> operation, TimeSpan limit) =>
        operation.WithTimeout(new DeadlineOptions { Limit = Guards.Limit(limit) });

    /// <summary>Returns the operation with a separate limit for each call, for example to pass it to a
    /// fan-out.</summary>
    /// <typeparam name="T">The type of the items.</typeparam>
    /// <param name="operation">The operation.</param>
    /// <param name="limit">The longest time that each call may take: zero or more. Zero means that the operation is not
    /// called. <see cref="Timeout.InfiniteTimeSpan"/> and values of more than 49 days disable the limit.</param>
    /// <returns>A function with the same parameters. Its tasks throw as described at <see cref="Deadline"/>.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The limit is negative.</exception>
    [OverloadResolutionPriority(1)]
    public static Func<T, CancellationToken, ValueTask> WithTimeout<T>(
        this Func<T, CancellationToken, ValueTask> operation, TimeSpan limit) =>
        operation.WithTimeout(new DeadlineOptions { Limit = Guards.Limit(limit) });

    /// <inheritdoc cref="WithTimeout{T}(Func{T, CancellationToken, ValueTask}, TimeSpan)"/>
    public static Func<T, CancellationToken, Task> WithTimeout<T>(
        this Func<T, CancellationToken, Task> operation, TimeSpan limit) =>
        operation.WithTimeout(new DeadlineOptions { Limit = Guards.Limit(limit) });

    /// <summary>Returns the operation with a separate limit for each call, for example to pass it to a
    /// fan-out.</summary>
    /// <typeparam name="T">The type of the items.</typeparam>
    /// <typeparam name="TResult">The type of the result.</typeparam>
    /// <param name="operation">The operation.</param>
    /// <param name="options">The limit, the grace period, and the name of the operation.</param>
    /// <returns>A function with the same parameters. Its tasks throw as described at <see cref="Deadline"/>.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null.</exception>
    [OverloadResolutionPriority(3)]
    public static Func<T, CancellationToken, ValueTask<TResult>> WithTimeout<T, TResult>(
        this Func<T, CancellationToken, ValueTask<TResult>> operation, DeadlineOptions options)
    {
        _ = Guards.NotNull(operation);
        _ = Guards.NotNull(options);
        return (item, token) => DeadlineEngine.RunAsync(
            static (call, token) => call.Operation(call.Item, token),
            (Operation: operation, Item: item),
            options.Context,
            token);
    }

    /// <inheritdoc cref="WithTimeout{T, TResult}(Func{T, CancellationToken, ValueTask{TResult}}, DeadlineOptions)"/>
    [OverloadResolutionPriority(2)]
    public static Func<T, CancellationToken, Task<TResult>> WithTimeout<T, TResult>(
        this Func<T, CancellationToken, Task<TResult>> operation, DeadlineOptions options)
    {
        _ = Guards.NotNull(operation);
        _ = Guards.NotNull(options);
        return (item, token) => DeadlineEngine.RunAsync(
            static (call, token) => DelegateAdapters.AsValueTask(call.Operation(call.Item, token)),
            (Operation: operation, Item: item),
            options.Context,
            token).AsTask();
    }

    /// <summary>Returns the operation with a separate limit for each call, for example to pass it to a
    /// fan-out.</summary>
    /// <typeparam name="T">The type of the items.</typeparam>
    /// <param name="operation">The operation.</param>
    /// <param name="options">The limit, the grace period, and the name of the operation.</param>
    /// <returns>A function with the same parameters. Its tasks throw as described at <see cref="Deadline"/>.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null.</exception>
    [OverloadResolutionPriority(1)]
    public static Func<T, CancellationToken, ValueTask> WithTimeout<T>(
        this Func<T, CancellationToken, ValueTask> operation, DeadlineOptions options)
    {
        _ = Guards.NotNull(operation);
        _ = Guards.NotNull(options);
        return (item, token) => DeadlineEngine.RunAsync(
            static (call, token) => call.Operation(call.Item, token),
            (Operation: operation, Item: item),
            options.Context,
            token);
    }

    /// <inheritdoc cref="WithTimeout{T}(Func{T, CancellationToken, ValueTask}, DeadlineOptions)"/>
    public static Func<T, CancellationToken, Task> WithTimeout<T>(
        this Func<T, CancellationToken, Task> operation, DeadlineOptions options)
    {
        _ = Guards.NotNull(operation);
        _ = Guards.NotNull(options);
        return (item, token) => DeadlineEngine.RunAsync(
            static (call, token) => DelegateAdapters.AsValueTask(call.Operation(call.Item, token)),
            (Operation: operation, Item: item),
            options.Context,
            token).AsTask();
    }

    /// <summary>Waits for a task that is already running, for a limited time. After that the task keeps running: its
    /// exception is observed, and it is counted as abandoned.</summary>
    /// <typeparam name="TResult">The type of the result.</typeparam>
    /// <param name="task">The task.</param>
    /// <param name="timeout">The longest time to wait: zero or more. Zero does not wait.
    /// <see cref="Timeout.InfiniteTimeSpan"/> and values of more than 49 days disable the timeout.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>A task that completes with the result of <paramref name="task"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="task"/> is null; thrown at the call.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The timeout is negative; thrown at the call.</exception>
    /// <exception cref="TimeoutException">The task is faulted with this if the timeout has passed. The message names it
    /// and the elapsed time.</exception>
    /// <exception cref="OperationCanceledException">The task is cancelled with this if
    /// <paramref name="cancellationToken"/> was cancelled.</exception>
    /// <remarks>Returns while the task may still be running. If the operation accepts a token, use
    /// RunAsync, which stops it. Cost: a timer and a few objects, unless the task is already completed.</remarks>
    /// <example>
    /// <code>
    /// await server.StartAsync().WithTimeoutAsync(TimeSpan.FromSeconds(10), cancellationToken);
    /// </code>
    /// </example>
    public static Task<TResult> WithTimeoutAsync<TResult>(
        this Task<TResult> task, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        var context = ContextOf(timeout, nameof(timeout));
        return Guards.NotNull(task).IsCompleted ? task : WaitForResultAsync(task, context, cancellationToken);
    }

    /// <inheritdoc cref="WithTimeoutAsync{TResult}(Task{TResult}, TimeSpan, CancellationToken)"/>
    public static Task WithTimeoutAsync(
        this Task task, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        var context = ContextOf(timeout, nameof(timeout));
        return Guards.NotNull(task).IsCompleted ? task : WaitForAsync(task, context, cancellationToken);
    }

    /// <summary>Waits for a task that is already running, for a limited time. After that the task keeps running: its
    /// exception is observed, and it is counted and logged as abandoned.</summary>
    /// <typeparam name="TResult">The type of the result.</typeparam>
    /// <param name="task">The task.</param>
    /// <param name="options">The limit, the name and the logger. The grace period must be null.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>A task that completes with the result of <paramref name="task"/>.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null; thrown at the call.</exception>
    /// <exception cref="ArgumentException">The options have a grace period; thrown at the call.</exception>
    /// <exception cref="TimeoutException">The task is faulted with this if the limit has passed. The message names it
    /// and the elapsed time.</exception>
    /// <exception cref="OperationCanceledException">The task is cancelled with this if
    /// <paramref name="cancellationToken"/> was cancelled.</exception>
    public static Task<TResult> WithTimeoutAsync<TResult>(
        this Task<TResult> task, DeadlineOptions options, CancellationToken cancellationToken = default)
    {
        var context = WithoutGrace(options);
        return Guards.NotNull(task).IsCompleted ? task : WaitForResultAsync(task, context, cancellationToken);
    }

    /// <inheritdoc cref="WithTimeoutAsync{TResult}(Task{TResult}, DeadlineOptions, CancellationToken)"/>
    public static Task WithTimeoutAsync(
        this Task task, DeadlineOptions options, CancellationToken cancellationToken = default)
    {
        var context = WithoutGrace(options);
        return Guards.NotNull(task).IsCompleted ? task : WaitForAsync(task, context, cancellationToken);
    }

    private static DeadlineContext ContextOf(TimeSpan limit, string name = "limit") =>
        new(AsyncEnvironment.Clock(TimeProvider.System), Guards.Limit(limit, name));

    private static DeadlineContext ContextOf(DeadlineOptions options) => Guards.NotNull(options).Context;

    private static DeadlineContext WithoutGrace(DeadlineOptions options) => ContextOf(options) is { Grace: null } context
        ? context
        : throw new ArgumentException(
            $"GracePeriod must be null for WithTimeoutAsync, which cannot stop the task; it was {TimeText.Of(options.GracePeriod!.Value)}.",
            nameof(options));

    private static async Task<TResult> WaitForResultAsync<TResult>(
        Task<TResult> task, DeadlineContext context, CancellationToken cancellationToken)
    {
        await WaitForAsync(task, context, cancellationToken).NoContext();
        return await task.NoContext();
    }

    private static async Task WaitForAsync(Task task, DeadlineContext context, CancellationToken cancellationToken)
    {
        var startedAt = 0L;
        try
        {
            startedAt = context.Clock.GetTimestamp();
            await task.WaitAsync(Guards.ForTimer(context.Limit), context.Clock, cancellationToken).NoContext();
        }
        catch (Exception exception) when (!task.IsCompleted)
        {
            _ = DeadlineEngine.AbandonAsync(task, context);
            if (!cancellationToken.IsCancellationRequested && exception is not TimeoutException)
            {
                throw; // The clock threw it.
            }

            throw cancellationToken.IsCancellationRequested
                ? Cancellation.ByCaller(exception, cancellationToken)
                : context.TimedOut(context.Clock.GetElapsedTime(startedAt));
        }
        catch (Exception)
        {
            // The task threw it, and throws it again below.
        }

        await task.NoContext();
    }
}
