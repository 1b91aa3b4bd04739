using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <content>Operations that are started here.</content>
public static partial class Retry
{
    /// <summary>Runs an operation, and again when it fails, with a wait before each further attempt.</summary>
    /// <typeparam name="TResult">The result.</typeparam>
    /// <param name="operation">Called for each attempt, the first time on the caller's thread, with a token that is
    /// cancelled by the caller or by a limit of the options: pass it on.</param>
    /// <param name="options">When and how often it is tried again; null for <see cref="RetryOptions"/> as they are.</param>
    /// <param name="cancellationToken">Cancels the operation's token, ends a wait at once, and is never retried.</param>
    /// <returns>The result; of the first attempt that succeeds. To be awaited once.</returns>
    /// <exception cref="ArgumentNullException">The operation is null; thrown at the call.</exception>
    /// <exception cref="TimeoutException">From the task: the last attempt's limit, or that of all, has stopped it.</exception>
    /// <exception cref="OperationCanceledException">From the task: <paramref name="cancellationToken"/> was
    /// cancelled.</exception>
    /// <remarks>The operation's own exceptions pass as they are: the last one, see <see cref="Retry"/>. Cost: nothing is
    /// allocated above the operation's own when the first attempt succeeds; some objects when it fails.</remarks>
    [OverloadResolutionPriority(3)]
    public static ValueTask<TResult> RunAsync<TResult>(
        Func<CancellationToken, ValueTask<TResult>> operation, RetryOptions? options = null, CancellationToken cancellationToken = default) =>
        EngineOf(options).RunAsync(
            static (operation, token) => operation(token),
            Guards.NotNull(operation),
            cancellationToken);

    /// <inheritdoc cref="RunAsync{TResult}(Func{CancellationToken, ValueTask{TResult}}, RetryOptions, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public static ValueTask<TResult> RunAsync<TResult>(
        Func<CancellationToken, Task<TResult>> operation, RetryOptions? options = null, CancellationToken cancellationToken = default) =>
        EngineOf(options).RunAsync(
            static (operation, token) => DelegateAdapters.AsValueTask(operation(token)),
            Guards.NotNull(operation),
            cancellationToken);

    /// <summary>Runs an operation, and again when it fails, with a wait before each further attempt.</summary>
    /// <param name="operation">Called for each attempt, the first time on the caller's thread, with a token that is
    /// cancelled by the caller or by a limit of the options: pass it on.</param>
    /// <param name="options">When and how often it is tried again; null for <see cref="RetryOptions"/> as they are.</param>
    /// <param name="cancellationToken">Cancels the operation's token, ends a wait at once, and is never retried.</param>
    /// <returns>Ends with the operation. To be awaited once.</returns>
    /// <exception cref="ArgumentNullException">The operation is null; thrown at the call.</exception>
    /// <exception cref="TimeoutException">From the task: the last attempt's limit, or that of all, has stopped it.</exception>
    /// <exception cref="OperationCanceledException">From the task: <paramref name="cancellationToken"/> was
    /// cancelled.</exception>
    /// <remarks>The operation's own exceptions pass as they are: the last one, see <see cref="Retry"/>. Cost: nothing is
    /// allocated above the operation's own when the first attempt succeeds; some objects when it fails.</remarks>
    [OverloadResolutionPriority(1)]
    public static ValueTask RunAsync(
        Func<CancellationToken, ValueTask> operation, RetryOptions? options = null, CancellationToken cancellationToken = default) =>
        DelegateAdapters.WithoutUnitAsync(EngineOf(options).RunAsync(
            static (operation, token) => DelegateAdapters.WithUnitAsync(operation(token)),
            Guards.NotNull(operation),
            cancellationToken));

    /// <inheritdoc cref="RunAsync(Func{CancellationToken, ValueTask}, RetryOptions, CancellationToken)"/>
    public static ValueTask RunAsync(
        Func<CancellationToken, Task> operation, RetryOptions? options = null, CancellationToken cancellationToken = default) =>
        DelegateAdapters.WithoutUnitAsync(EngineOf(options).RunAsync(
            static (operation, token) => DelegateAdapters.WithUnitAsync(operation(token)),
            Guards.NotNull(operation),
            cancellationToken));
}
