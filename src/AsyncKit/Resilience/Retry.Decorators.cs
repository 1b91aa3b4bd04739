using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <content>Operations that are started elsewhere, such as by a fan-out.</content>
public static partial class Retry
{
    /// <summary>The same operation that is tried again when it fails, to be given to a fan-out.</summary>
    /// <typeparam name="T">The items.</typeparam>
    /// <typeparam name="TResult">The result.</typeparam>
    /// <param name="operation">The operation.</param>
    /// <param name="options">When and how often it is tried again; null for <see cref="RetryOptions"/> as they are.</param>
    /// <returns>An operation of the same type.</returns>
    /// <exception cref="ArgumentNullException">The operation is null.</exception>
    /// <remarks>What it throws, see <see cref="Retry"/>.</remarks>
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

    /// <summary>The same operation that is tried again when it fails, to be given to a fan-out.</summary>
    /// <typeparam name="T">The items.</typeparam>
    /// <param name="operation">The operation.</param>
    /// <param name="options">When and how often it is tried again; null for <see cref="RetryOptions"/> as they are.</param>
    /// <returns>An operation of the same type.</returns>
    /// <exception cref="ArgumentNullException">The operation is null.</exception>
    /// <remarks>What it throws, see <see cref="Retry"/>.</remarks>
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
}
