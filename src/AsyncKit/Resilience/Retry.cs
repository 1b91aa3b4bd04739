using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <summary>Retries operations that fail, with a delay before each retry.</summary>
/// <remarks>
/// <list type="bullet">
/// <item>The caller's cancellation is never retried, and it ends a delay at once. An attempt timeout is always retried.
/// Any other cancellation is not, except HttpClient's timeout.</item>
/// <item>If all attempts fail, the last exception is thrown with its stack trace.
/// <c>exception.Data["AsyncKit.Attempts"]</c> is the number of attempts.
/// <c>exception.Data["AsyncKit.EarlierExceptions"]</c> contains the exceptions before it, at most 100: the first one
/// and the latest ones.</item>
/// <item>The server's hint replaces the backoff, up to a limit. A negative hint is ignored. A delay never exceeds the
/// rest of the total timeout.</item>
/// <item>When the budget is spent, the last exception is thrown. All items of a run share the budget.</item>
/// <item>Attempts run one after another, never two at the same time.</item>
/// <item>Every attempt, ShouldRetry, DelayHint and OnRetry run where the first attempt began: on the caller's
/// SynchronizationContext, otherwise on its TaskScheduler, otherwise on the thread pool. Each of them sees the caller's
/// ExecutionContext, not what another one set.</item>
/// </list>
/// A Polly pipeline runs the loop and the delays. It is built once for each <see cref="RetryOptions"/>.
/// </remarks>
public static class Retry
{
    /// <summary>Runs an operation and retries it if it fails.</summary>
    /// <typeparam name="TResult">The type of the result.</typeparam>
    /// <param name="operation">The operation. It is called for each attempt, the first time on the caller's thread,
    /// with a token that the caller or a timeout of the options cancels. Pass it on.</param>
    /// <param name="options">When and how often to retry; null for the defaults of <see cref="RetryOptions"/>.</param>
    /// <param name="cancellationToken">Cancels the operation's token and the delay. A cancellation is not
    /// retried.</param>
    /// <returns>A task that completes with the result of the first attempt that succeeds. Await it once.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="operation"/> is null; thrown at the call.</exception>
    /// <exception cref="TimeoutException">The task is faulted with this if a timeout stopped the last
    /// attempt.</exception>
    /// <exception cref="OperationCanceledException">The task is cancelled with this if
    /// <paramref name="cancellationToken"/> was cancelled.</exception>
    /// <remarks>The operation's own exceptions are thrown unchanged. See <see cref="Retry"/> for the guarantees. Cost:
    /// no allocation if the first attempt succeeds.</remarks>
    /// <example>
    /// <code>
    /// string page = await Retry.RunAsync(
    ///     token =&gt; http.GetStringAsync(url, token), new RetryOptions { MaxAttempts = 4 }, cancellationToken);
    /// </code>
    /// </example>
    [OverloadResolutionPriority(3)]
    public static ValueTask<TResult> RunAsync<TResult>(
        Func<CancellationToken, ValueTask<TResult>> operation, RetryOptions? options = null, CancellationToken cancellationToken = default) =>
        EngineOf(options).RunAsync(
            static (operation, token) => operation(token), Guards.NotNull(operation), cancellationToken);

    /// <inheritdoc cref="RunAsync{TResult}(Func{CancellationToken, ValueTask{TResult}}, RetryOptions, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public static ValueTask<TResult> RunAsync<TResult>(
        Func<CancellationToken, Task<TResult>> operation, RetryOptions? options = null, CancellationToken cancellationToken = default) =>
        EngineOf(options).RunAsync(
            static (operation, token) => DelegateAdapters.AsValueTask(operation(token)), Guards.NotNull(operation), cancellationToken);

    /// <summary>Runs an operation and retries it if it fails.</summary>
    /// <param name="operation">The operation. It is called for each attempt, the first time on the caller's thread,
    /// with a token that the caller or a timeout of the options cancels. Pass it on.</param>
    /// <param name="options">When and how often to retry; null for the defaults of <see cref="RetryOptions"/>.</param>
    /// <param name="cancellationToken">Cancels the operation's token and the delay. A cancellation is not
    /// retried.</param>
    /// <returns>A task that completes when an attempt has succeeded. Await it once.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="operation"/> is null; thrown at the call.</exception>
    /// <exception cref="TimeoutException">The task is faulted with this if a timeout stopped the last
    /// attempt.</exception>
    /// <exception cref="OperationCanceledException">The task is cancelled with this if
    /// <paramref name="cancellationToken"/> was cancelled.</exception>
    /// <remarks>The operation's own exceptions are thrown unchanged. See <see cref="Retry"/> for the guarantees. Cost:
    /// no allocation if the first attempt succeeds.</remarks>
    /// <example>
    /// <code>
    /// string page = await Retry.RunAsync(
    ///     token =&gt; http.GetStringAsync(url, token), new RetryOptions { MaxAttempts = 4 }, cancellationToken);
    /// </code>
    /// </example>
    [OverloadResolutionPriority(1)]
    public static ValueTask RunAsync(
        Func<CancellationToken, ValueTask> operation, RetryOptions? options = null, CancellationToken cancellationToken = default) =>
        DelegateAdapters.WithoutUnitAsync(EngineOf(options).RunAsync(
            static (operation, token) => DelegateAdapters.WithUnitAsync(operation(token)), Guards.NotNull(operation), cancellationToken));

    /// <inheritdoc cref="RunAsync(Func{CancellationToken, ValueTask}, RetryOptions, CancellationToken)"/>
    public static ValueTask RunAsync(
        Func<CancellationToken, Task> operation, RetryOptions? options = null, CancellationToken cancellationToken = default) =>
        DelegateAdapters.WithoutUnitAsync(EngineOf(options).RunAsync(
            static (operation, token) => DelegateAdapters.WithUnitAsync(operation(token)), Guards.NotNull(operation), cancellationToken));

    /// <summary>Returns the operation with retries for each call, for example to pass it to a fan-out.</summary>
    /// <typeparam name="T">The type of the items.</typeparam>
    /// <typeparam name="TResult">The type of the result.</typeparam>
    /// <param name="operation">The operation.</param>
    /// <param name="options">When and how often to retry; null for the defaults of <see cref="RetryOptions"/>.</param>
    /// <returns>A function with the same parameters. Its tasks throw as described at <see cref="Retry"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="operation"/> is null.</exception>
    /// <example>
    /// <code>
    /// Func&lt;Uri, CancellationToken, Task&lt;string&gt;&gt; get = http.GetStringAsync;
    /// string[] pages = await urls.FanOutAsync(8, get.WithRetry(new RetryOptions { MaxAttempts = 4 }), cancellationToken);
    /// </code>
    /// </example>
    [OverloadResolutionPriority(3)]
    public static Func<T, CancellationToken, ValueTask<TResult>> WithRetry<T, TResult>(
        this Func<T, CancellationToken, ValueTask<TResult>> operation, RetryOptions? options = null)
    {
        _ = Guards.NotNull(operation);
        return (item, token) => EngineOf(options).RunAsync(
            static (call, token) => call.Operation(call.Item, token),
            (Operation: operation, Item: item),
            token);
    }

    /// <inheritdoc cref="WithRetry{T, TResult}(Func{T, CancellationToken, ValueTask{TResult}}, RetryOptions)"/>
    [OverloadResolutionPriority(2)]
    public static Func<T, CancellationToken, Task<TResult>> WithRetry<T, TResult>(
        this Func<T, CancellationToken, Task<TResult>> operation, RetryOptions? options = null)
    {
        _ = Guards.NotNull(operation);
        return (item, token) => EngineOf(options).RunAsync(
            static (call, token) => DelegateAdapters.AsValueTask(call.Operation(call.Item, token)),
            (Operation: operation, Item: item),
            token).AsTask();
    }

    /// <summary>Returns the operation with retries for each call, for example to pass it to a fan-out.</summary>
    /// <typeparam name="T">The type of the items.</typeparam>
    /// <param name="operation">The operation.</param>
    /// <param name="options">When and how often to retry; null for the defaults of <see cref="RetryOptions"/>.</param>
    /// <returns>A function with the same parameters. Its tasks throw as described at <see cref="Retry"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="operation"/> is null.</exception>
    /// <example>
    /// <code>
    /// Func&lt;Uri, CancellationToken, Task&lt;string&gt;&gt; get = http.GetStringAsync;
    /// string[] pages = await urls.FanOutAsync(8, get.WithRetry(new RetryOptions { MaxAttempts = 4 }), cancellationToken);
    /// </code>
    /// </example>
    [OverloadResolutionPriority(1)]
    public static Func<T, CancellationToken, ValueTask> WithRetry<T>(
        this Func<T, CancellationToken, ValueTask> operation, RetryOptions? options = null)
    {
        _ = Guards.NotNull(operation);
        return (item, token) => DelegateAdapters.WithoutUnitAsync(EngineOf(options).RunAsync(
            static (call, token) => DelegateAdapters.WithUnitAsync(call.Operation(call.Item, token)),
            (Operation: operation, Item: item),
            token));
    }

    /// <inheritdoc cref="WithRetry{T}(Func{T, CancellationToken, ValueTask}, RetryOptions)"/>
    public static Func<T, CancellationToken, Task> WithRetry<T>(
        this Func<T, CancellationToken, Task> operation, RetryOptions? options = null)
    {
        _ = Guards.NotNull(operation);
        return (item, token) => DelegateAdapters.WithoutUnitAsync(EngineOf(options).RunAsync(
            static (call, token) => DelegateAdapters.WithUnitAsync(call.Operation(call.Item, token)),
            (Operation: operation, Item: item),
            token)).AsTask();
    }

    private static RetryEngine EngineOf(RetryOptions? options) => (options ?? RetryOptions.Default).Engine();
}
