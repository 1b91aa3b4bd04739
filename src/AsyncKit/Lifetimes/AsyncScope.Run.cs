using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <content>A body with a scope, whose exception stays the primary one.</content>
public sealed partial class AsyncScope
{
    /// <summary>Runs <paramref name="body"/> with a new scope and cleans up when it has ended, however it has.</summary>
    /// <typeparam name="TResult">The result.</typeparam>
    /// <param name="body">Gets the scope and the token. Called on the caller's thread, up to its first await.</param>
    /// <param name="options">The limit of each cleanup; null for the defaults.</param>
    /// <param name="cancellationToken">Given to the body, not to the cleanups. Cancelled at the call: the body is not
    /// called.</param>
    /// <returns>A task with the body's result, which ends after the last cleanup.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="body"/> is null; thrown at the call.</exception>
    /// <exception cref="OperationCanceledException">From the task: the body was cancelled. What cleanups threw is the
    /// inner exception.</exception>
    /// <exception cref="AggregateException">From the task: the body has succeeded and several cleanups have
    /// failed.</exception>
    [OverloadResolutionPriority(3)]
    public static Task<TResult> RunAsync<TResult>(
        Func<AsyncScope, CancellationToken, ValueTask<TResult>> body,
        AsyncScopeOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(body);
        return cancellationToken.IsCancellationRequested
            ? Task.FromCanceled<TResult>(cancellationToken)
            : RunBodyAsync(body, options, cancellationToken).Unwrap();
    }

    /// <inheritdoc cref="RunAsync{TResult}(Func{AsyncScope, CancellationToken, ValueTask{TResult}}, AsyncScopeOptions, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public static Task<TResult> RunAsync<TResult>(
        Func<AsyncScope, CancellationToken, Task<TResult>> body,
        AsyncScopeOptions? options = null,
        CancellationToken cancellationToken = default) =>
        RunAsync(DelegateAdapters.Adapt(body), options, cancellationToken);

    /// <summary>Runs <paramref name="body"/> with a new scope and cleans up when it has ended, however it has.</summary>
    /// <param name="body">Gets the scope and the token. Called on the caller's thread, up to its first await.</param>
    /// <param name="options">The limit of each cleanup; null for the defaults.</param>
    /// <param name="cancellationToken">Given to the body, not to the cleanups. Cancelled at the call: the body is not
    /// called.</param>
    /// <returns>A task that ends after the last cleanup.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="body"/> is null; thrown at the call.</exception>
    /// <exception cref="OperationCanceledException">From the task: the body was cancelled. What cleanups threw is the
    /// inner exception.</exception>
    /// <exception cref="AggregateException">From the task: the body has succeeded and several cleanups have
    /// failed.</exception>
    [OverloadResolutionPriority(1)]
    public static Task RunAsync(
        Func<AsyncScope, CancellationToken, ValueTask> body,
        AsyncScopeOptions? options = null,
        CancellationToken cancellationToken = default) =>
        RunAsync(DelegateAdapters.Adapt(body), options, cancellationToken);

    /// <inheritdoc cref="RunAsync(Func{AsyncScope, CancellationToken, ValueTask}, AsyncScopeOptions, CancellationToken)"/>
    public static Task RunAsync(
        Func<AsyncScope, CancellationToken, Task> body,
        AsyncScopeOptions? options = null,
        CancellationToken cancellationToken = default) =>
        RunAsync(DelegateAdapters.Adapt(body), options, cancellationToken);

    private static async Task<Task<TResult>> RunBodyAsync<TResult>(
        Func<AsyncScope, CancellationToken, ValueTask<TResult>> body,
        AsyncScopeOptions? options,
        CancellationToken cancellationToken)
    {
        var scope = new AsyncScope(options);
        TResult result;
        List<Exception> failures;
        try
        {
            result = await body(scope, cancellationToken).NoContext();
        }
        catch (Exception exception)
        {
            failures = await scope.CloseAsync().NoContext();
            return TaskExceptions.After<TResult>(exception, failures, cancellationToken);
        }

        failures = await scope.CloseAsync().NoContext();
        return failures.Count == 0 ? Task.FromResult(result) : TaskExceptions.Faulted<TResult>([TaskExceptions.OneOf(failures)]);
    }
}
