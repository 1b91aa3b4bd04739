using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <content>Operations that are started here.</content>
public static partial class Deadline
{
    /// <summary>Runs an operation under a limit: when it has passed, the operation's token is cancelled.</summary>
    /// <typeparam name="TResult">The result.</typeparam>
    /// <param name="operation">Called on the caller's thread, with a token that is cancelled by the caller or by the limit:
    /// pass it on.</param>
    /// <param name="limit">How long it may take: zero or more. Zero means at once: the operation is not called.
    /// <see cref="Timeout.InfiniteTimeSpan"/> and anything above 49 days mean none.</param>
    /// <param name="cancellationToken">Cancels the operation's token too.</param>
    /// <returns>The result. To be awaited once.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null; thrown at the call.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The limit is negative; thrown at the call.</exception>
    /// <exception cref="TimeoutException">From the task: the limit has stopped it.</exception>
    /// <exception cref="OperationCanceledException">From the task: <paramref name="cancellationToken"/> was
    /// cancelled.</exception>
    /// <remarks>Cost: nothing is allocated above the operation's own when it keeps the limit, on the system's clock and
    /// without a grace period.</remarks>
    [OverloadResolutionPriority(3)]
    public static ValueTask<TResult> RunAsync<TResult>(
        Func<CancellationToken, ValueTask<TResult>> operation, TimeSpan limit, CancellationToken cancellationToken = default) =>
        DeadlineEngine.RunAsync(
            static (operation, token) => operation(token),
            Guards.NotNull(operation),
            Terms(limit),
            cancellationToken);

    /// <inheritdoc cref="RunAsync{TResult}(Func{CancellationToken, ValueTask{TResult}}, TimeSpan, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public static ValueTask<TResult> RunAsync<TResult>(
        Func<CancellationToken, Task<TResult>> operation, TimeSpan limit, CancellationToken cancellationToken = default) =>
        DeadlineEngine.RunAsync(
            static (operation, token) => DelegateAdapters.AsValueTask(operation(token)),
            Guards.NotNull(operation),
            Terms(limit),
            cancellationToken);

    /// <summary>Runs an operation under a limit: when it has passed, the operation's token is cancelled.</summary>
    /// <param name="operation">Called on the caller's thread, with a token that is cancelled by the caller or by the limit:
    /// pass it on.</param>
    /// <param name="limit">How long it may take: zero or more. Zero means at once: the operation is not called.
    /// <see cref="Timeout.InfiniteTimeSpan"/> and anything above 49 days mean none.</param>
    /// <param name="cancellationToken">Cancels the operation's token too.</param>
    /// <returns>Ends with the operation. To be awaited once.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null; thrown at the call.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The limit is negative; thrown at the call.</exception>
    /// <exception cref="TimeoutException">From the task: the limit has stopped it.</exception>
    /// <exception cref="OperationCanceledException">From the task: <paramref name="cancellationToken"/> was
    /// cancelled.</exception>
    /// <remarks>Cost: nothing is allocated above the operation's own when it keeps the limit, on the system's clock and
    /// without a grace period.</remarks>
    [OverloadResolutionPriority(1)]
    public static ValueTask RunAsync(
        Func<CancellationToken, ValueTask> operation, TimeSpan limit, CancellationToken cancellationToken = default) =>
        DeadlineEngine.RunAsync(
            static (operation, token) => operation(token),
            Guards.NotNull(operation),
            Terms(limit),
            cancellationToken);

    /// <inheritdoc cref="RunAsync(Func{CancellationToken, ValueTask}, TimeSpan, CancellationToken)"/>
    public static ValueTask RunAsync(
        Func<CancellationToken, Task> operation, TimeSpan limit, CancellationToken cancellationToken = default) =>
        DeadlineEngine.RunAsync(
            static (operation, token) => DelegateAdapters.AsValueTask(operation(token)),
            Guards.NotNull(operation),
            Terms(limit),
            cancellationToken);

    /// <summary>Runs an operation under a limit: when it has passed, the operation's token is cancelled.</summary>
    /// <typeparam name="TResult">The result.</typeparam>
    /// <param name="operation">Called on the caller's thread, with a token that is cancelled by the caller or by the limit:
    /// pass it on.</param>
    /// <param name="options">The limit, and what to do with an operation that does not keep it.</param>
    /// <param name="cancellationToken">Cancels the operation's token too.</param>
    /// <returns>The result. To be awaited once.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null; thrown at the call.</exception>
    /// <exception cref="TimeoutException">From the task: the limit has stopped it.</exception>
    /// <exception cref="OperationCanceledException">From the task: <paramref name="cancellationToken"/> was
    /// cancelled.</exception>
    /// <remarks>Cost: nothing is allocated above the operation's own when it keeps the limit, on the system's clock and
    /// without a grace period.</remarks>
    [OverloadResolutionPriority(3)]
    public static ValueTask<TResult> RunAsync<TResult>(
        Func<CancellationToken, ValueTask<TResult>> operation, DeadlineOptions options, CancellationToken cancellationToken = default) =>
        DeadlineEngine.RunAsync(
            static (operation, token) => operation(token),
            Guards.NotNull(operation),
            Terms(options),
            cancellationToken);

    /// <inheritdoc cref="RunAsync{TResult}(Func{CancellationToken, ValueTask{TResult}}, DeadlineOptions, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public static ValueTask<TResult> RunAsync<TResult>(
        Func<CancellationToken, Task<TResult>> operation, DeadlineOptions options, CancellationToken cancellationToken = default) =>
        DeadlineEngine.RunAsync(
            static (operation, token) => DelegateAdapters.AsValueTask(operation(token)),
            Guards.NotNull(operation),
            Terms(options),
            cancellationToken);

    /// <summary>Runs an operation under a limit: when it has passed, the operation's token is cancelled.</summary>
    /// <param name="operation">Called on the caller's thread, with a token that is cancelled by the caller or by the limit:
    /// pass it on.</param>
    /// <param name="options">The limit, and what to do with an operation that does not keep it.</param>
    /// <param name="cancellationToken">Cancels the operation's token too.</param>
    /// <returns>Ends with the operation. To be awaited once.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null; thrown at the call.</exception>
    /// <exception cref="TimeoutException">From the task: the limit has stopped it.</exception>
    /// <exception cref="OperationCanceledException">From the task: <paramref name="cancellationToken"/> was
    /// cancelled.</exception>
    /// <remarks>Cost: nothing is allocated above the operation's own when it keeps the limit, on the system's clock and
    /// without a grace period.</remarks>
    [OverloadResolutionPriority(1)]
    public static ValueTask RunAsync(
        Func<CancellationToken, ValueTask> operation, DeadlineOptions options, CancellationToken cancellationToken = default) =>
        DeadlineEngine.RunAsync(
            static (operation, token) => operation(token),
            Guards.NotNull(operation),
            Terms(options),
            cancellationToken);

    /// <inheritdoc cref="RunAsync(Func{CancellationToken, ValueTask}, DeadlineOptions, CancellationToken)"/>
    public static ValueTask RunAsync(
        Func<CancellationToken, Task> operation, DeadlineOptions options, CancellationToken cancellationToken = default) =>
        DeadlineEngine.RunAsync(
            static (operation, token) => DelegateAdapters.AsValueTask(operation(token)),
            Guards.NotNull(operation),
            Terms(options),
            cancellationToken);
}
