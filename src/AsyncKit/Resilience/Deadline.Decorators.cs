using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <content>Operations that are started elsewhere, such as by a fan-out.</content>
public static partial class Deadline
{
    /// <summary>The same operation under a limit of its own for each call, to be given to a fan-out.</summary>
    /// <typeparam name="T">The items.</typeparam>
    /// <typeparam name="TResult">The result.</typeparam>
    /// <param name="operation">The operation.</param>
    /// <param name="limit">How long it may take: zero or more. Zero means at once: the operation is not called.
    /// <see cref="Timeout.InfiniteTimeSpan"/> and anything above 49 days mean none.</param>
    /// <returns>An operation of the same type.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The limit is negative.</exception>
    /// <remarks>What it throws, see <see cref="Deadline"/>.</remarks>
    [OverloadResolutionPriority(3)]
    public static Func<T, CancellationToken, ValueTask<TResult>> WithTimeout<T, TResult>(
        this Func<T, CancellationToken, ValueTask<TResult>> operation, TimeSpan limit)
    {
        _ = Guards.NotNull(operation);
        _ = Terms(limit); // Checks it now.
        return (item, token) => DeadlineEngine.RunAsync(
            static (call, token) => call.Operation(call.Item, token),
            (Operation: operation, Item: item),
            Terms(limit),
            token);
    }

    /// <inheritdoc cref="WithTimeout{T, TResult}(Func{T, CancellationToken, ValueTask{TResult}}, TimeSpan)"/>
    [OverloadResolutionPriority(2)]
    public static Func<T, CancellationToken, Task<TResult>> WithTimeout<T, TResult>(
        this Func<T, CancellationToken, Task<TResult>> operation, TimeSpan limit)
    {
        _ = Guards.NotNull(operation);
        _ = Terms(limit); // Checks it now.
        return (item, token) => DeadlineEngine.RunAsync(
            static (call, token) => DelegateAdapters.AsValueTask(call.Operation(call.Item, token)),
            (Operation: operation, Item: item),
            Terms(limit),
            token).AsTask();
    }

    /// <summary>The same operation under a limit of its own for each call, to be given to a fan-out.</summary>
    /// <typeparam name="T">The items.</typeparam>
    /// <param name="operation">The operation.</param>
    /// <param name="limit">How long it may take: zero or more. Zero means at once: the operation is not called.
    /// <see cref="Timeout.InfiniteTimeSpan"/> and anything above 49 days mean none.</param>
    /// <returns>An operation of the same type.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The limit is negative.</exception>
    /// <remarks>What it throws, see <see cref="Deadline"/>.</remarks>
    [OverloadResolutionPriority(1)]
    public static Func<T, CancellationToken, ValueTask> WithTimeout<T>(
        this Func<T, CancellationToken, ValueTask> operation, TimeSpan limit)
    {
        _ = Guards.NotNull(operation);
        _ = Terms(limit); // Checks it now.
        return (item, token) => DeadlineEngine.RunAsync(
            static (call, token) => call.Operation(call.Item, token),
            (Operation: operation, Item: item),
            Terms(limit),
            token);
    }

    /// <inheritdoc cref="WithTimeout{T}(Func{T, CancellationToken, ValueTask}, TimeSpan)"/>
    public static Func<T, CancellationToken, Task> WithTimeout<T>(
        this Func<T, CancellationToken, Task> operation, TimeSpan limit)
    {
        _ = Guards.NotNull(operation);
        _ = Terms(limit); // Checks it now.
        return (item, token) => DeadlineEngine.RunAsync(
            static (call, token) => DelegateAdapters.AsValueTask(call.Operation(call.Item, token)),
            (Operation: operation, Item: item),
            Terms(limit),
            token).AsTask();
    }

    /// <summary>The same operation under a limit of its own for each call, to be given to a fan-out.</summary>
    /// <typeparam name="T">The items.</typeparam>
    /// <typeparam name="TResult">The result.</typeparam>
    /// <param name="operation">The operation.</param>
    /// <param name="options">The limit, and what to do with an operation that does not keep it.</param>
    /// <returns>An operation of the same type.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null.</exception>
    /// <remarks>What it throws, see <see cref="Deadline"/>.</remarks>
    [OverloadResolutionPriority(3)]
    public static Func<T, CancellationToken, ValueTask<TResult>> WithTimeout<T, TResult>(
        this Func<T, CancellationToken, ValueTask<TResult>> operation, DeadlineOptions options)
    {
        _ = Guards.NotNull(operation);
        _ = Terms(options); // Checks it now.
        return (item, token) => DeadlineEngine.RunAsync(
            static (call, token) => call.Operation(call.Item, token),
            (Operation: operation, Item: item),
            Terms(options),
            token);
    }

    /// <inheritdoc cref="WithTimeout{T, TResult}(Func{T, CancellationToken, ValueTask{TResult}}, DeadlineOptions)"/>
    [OverloadResolutionPriority(2)]
    public static Func<T, CancellationToken, Task<TResult>> WithTimeout<T, TResult>(
        this Func<T, CancellationToken, Task<TResult>> operation, DeadlineOptions options)
    {
        _ = Guards.NotNull(operation);
        _ = Terms(options); // Checks it now.
        return (item, token) => DeadlineEngine.RunAsync(
            static (call, token) => DelegateAdapters.AsValueTask(call.Operation(call.Item, token)),
            (Operation: operation, Item: item),
            Terms(options),
            token).AsTask();
    }

    /// <summary>The same operation under a limit of its own for each call, to be given to a fan-out.</summary>
    /// <typeparam name="T">The items.</typeparam>
    /// <param name="operation">The operation.</param>
    /// <param name="options">The limit, and what to do with an operation that does not keep it.</param>
    /// <returns>An operation of the same type.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null.</exception>
    /// <remarks>What it throws, see <see cref="Deadline"/>.</remarks>
    [OverloadResolutionPriority(1)]
    public static Func<T, CancellationToken, ValueTask> WithTimeout<T>(
        this Func<T, CancellationToken, ValueTask> operation, DeadlineOptions options)
    {
        _ = Guards.NotNull(operation);
        _ = Terms(options); // Checks it now.
        return (item, token) => DeadlineEngine.RunAsync(
            static (call, token) => call.Operation(call.Item, token),
            (Operation: operation, Item: item),
            Terms(options),
            token);
    }

    /// <inheritdoc cref="WithTimeout{T}(Func{T, CancellationToken, ValueTask}, DeadlineOptions)"/>
    public static Func<T, CancellationToken, Task> WithTimeout<T>(
        this Func<T, CancellationToken, Task> operation, DeadlineOptions options)
    {
        _ = Guards.NotNull(operation);
        _ = Terms(options); // Checks it now.
        return (item, token) => DeadlineEngine.RunAsync(
            static (call, token) => DelegateAdapters.AsValueTask(call.Operation(call.Item, token)),
            (Operation: operation, Item: item),
            Terms(options),
            token).AsTask();
    }
}
