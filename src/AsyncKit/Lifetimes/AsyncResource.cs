using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <summary>How to acquire something and how to release it, as a value that can be passed on and used any number of
/// times. Made by <see cref="AsyncResource.Create"/>.</summary>
/// <typeparam name="T">The resource.</typeparam>
/// <remarks>
/// <list type="bullet">
/// <item>Each use acquires, runs the body and releases once, whether the body succeeds, fails or is cancelled.</item>
/// <item>If acquiring fails, neither the body nor the release is called.</item>
/// <item>The release runs under a fresh token with a time limit; the body's exception stays the primary one, as in an
/// <see cref="AsyncScope"/>.</item>
/// </list>
/// Immutable. Cost: that of an <see cref="AsyncScope"/> with one cleanup for each use.
/// </remarks>
public sealed class AsyncResource<T>
{
    private readonly AsyncScopeOptions? _options;

    internal AsyncResource(
        Func<CancellationToken, ValueTask<T>> acquire,
        Func<T, CancellationToken, ValueTask> release,
        AsyncScopeOptions? options)
    {
        Acquire = acquire;
        Release = release;
        _options = options;
    }

    internal Func<CancellationToken, ValueTask<T>> Acquire { get; }

    internal Func<T, CancellationToken, ValueTask> Release { get; }

    /// <summary>Acquires the resource, runs <paramref name="body"/> with it and releases it.</summary>
    /// <typeparam name="TResult">The result.</typeparam>
    /// <param name="body">Gets the resource and the token.</param>
    /// <param name="cancellationToken">Given to acquiring and to the body, not to the release. Cancelled at the call:
    /// nothing is acquired.</param>
    /// <returns>A task with the body's result, which ends after the release.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="body"/> is null; thrown at the call.</exception>
    [OverloadResolutionPriority(3)]
    public Task<TResult> UseAsync<TResult>(
        Func<T, CancellationToken, ValueTask<TResult>> body, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(body);
        return AsyncScope.RunAsync(
            async ValueTask<TResult> (scope, token) =>
                await body(await scope.EnterAsync(this, token).NoContext(), token).NoContext(),
            _options,
            cancellationToken);
    }

    /// <inheritdoc cref="UseAsync{TResult}(Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public Task<TResult> UseAsync<TResult>(
        Func<T, CancellationToken, Task<TResult>> body, CancellationToken cancellationToken = default) =>
        UseAsync(DelegateAdapters.Adapt(body), cancellationToken);

    /// <summary>Acquires the resource, runs <paramref name="body"/> with it and releases it.</summary>
    /// <param name="body">Gets the resource and the token.</param>
    /// <param name="cancellationToken">Given to acquiring and to the body, not to the release. Cancelled at the call:
    /// nothing is acquired.</param>
    /// <returns>A task that ends after the release.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="body"/> is null; thrown at the call.</exception>
    [OverloadResolutionPriority(1)]
    public Task UseAsync(Func<T, CancellationToken, ValueTask> body, CancellationToken cancellationToken = default) =>
        UseAsync(DelegateAdapters.Adapt(body), cancellationToken);

    /// <inheritdoc cref="UseAsync(Func{T, CancellationToken, ValueTask}, CancellationToken)"/>
    public Task UseAsync(Func<T, CancellationToken, Task> body, CancellationToken cancellationToken = default) =>
        UseAsync(DelegateAdapters.Adapt(body), cancellationToken);
}
