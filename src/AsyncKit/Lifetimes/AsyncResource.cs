using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <summary>Creates an <see cref="AsyncResource{T}"/> from two functions.</summary>
public static class AsyncResource
{
    /// <summary>Combines the functions that acquire and release a resource into one value.</summary>
    /// <typeparam name="T">The type of the resource.</typeparam>
    /// <param name="acquire">The function that acquires the resource, called once per use with the token of that
    /// use.</param>
    /// <param name="release">The function that releases it, called once per use that acquired it, with a fresh
    /// token.</param>
    /// <param name="options">The time limit of the release; null for the defaults. An <see cref="AsyncScope"/> that the
    /// resource is entered into applies its own options instead.</param>
    /// <returns>The resource. Nothing is acquired yet.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="acquire"/> or <paramref name="release"/> is
    /// null.</exception>
    /// <example>
    /// <code>
    /// AsyncResource&lt;string&gt; folder = AsyncResource.Create(
    ///     token =&gt; CreateFolderAsync(token),
    ///     (path, token) =&gt; DeleteFolderAsync(path, token));
    ///
    /// await folder.UseAsync((path, token) =&gt; UnpackAsync(path, token), cancellationToken);
    /// </code>
    /// </example>
    [OverloadResolutionPriority(3)]
    public static AsyncResource<T> Create<T>(
        Func<CancellationToken, ValueTask<T>> acquire,
        Func<T, CancellationToken, ValueTask> release,
        AsyncScopeOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(acquire);
        ArgumentNullException.ThrowIfNull(release);
        return new AsyncResource<T>(acquire, release, options);
    }

    /// <inheritdoc cref="Create{T}(Func{CancellationToken, ValueTask{T}}, Func{T, CancellationToken, ValueTask}, AsyncScopeOptions)"/>
    [OverloadResolutionPriority(2)]
    public static AsyncResource<T> Create<T>(
        Func<CancellationToken, Task<T>> acquire,
        Func<T, CancellationToken, ValueTask> release,
        AsyncScopeOptions? options = null) => Create(DelegateAdapters.Adapt(acquire), release, options);

    /// <inheritdoc cref="Create{T}(Func{CancellationToken, ValueTask{T}}, Func{T, CancellationToken, ValueTask}, AsyncScopeOptions)"/>
    [OverloadResolutionPriority(1)]
    public static AsyncResource<T> Create<T>(
        Func<CancellationToken, ValueTask<T>> acquire,
        Func<T, CancellationToken, Task> release,
        AsyncScopeOptions? options = null) => Create(acquire, DelegateAdapters.WithoutResult(release), options);

    /// <inheritdoc cref="Create{T}(Func{CancellationToken, ValueTask{T}}, Func{T, CancellationToken, ValueTask}, AsyncScopeOptions)"/>
    public static AsyncResource<T> Create<T>(
        Func<CancellationToken, Task<T>> acquire,
        Func<T, CancellationToken, Task> release,
        AsyncScopeOptions? options = null) =>
        Create(DelegateAdapters.Adapt(acquire), DelegateAdapters.WithoutResult(release), options);
}

/// <summary>Describes how to acquire and release a resource, as a value that can be passed around and used any number
/// of times. Created by <see cref="AsyncResource"/>.</summary>
/// <typeparam name="T">The type of the resource.</typeparam>
/// <remarks>
/// <list type="bullet">
/// <item>Each use acquires the resource, runs the body and releases the resource once, regardless of whether the body
/// succeeds, fails or is cancelled.</item>
/// <item>If acquiring fails, neither the body nor the release is called.</item>
/// <item>The release gets a fresh token with a time limit. The body's exception stays the primary one, as in an
/// <see cref="AsyncScope"/>.</item>
/// <item>All three functions begin on the caller's SynchronizationContext, if it has one.</item>
/// </list>
/// Immutable. Cost per use: that of an <see cref="AsyncScope"/> with one cleanup.
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
    /// <typeparam name="TResult">The type of the result.</typeparam>
    /// <param name="body">The function to run. It receives the resource and the token.</param>
    /// <param name="cancellationToken">Passed to the functions that acquire and use the resource, but not to the
    /// release. If it is cancelled at the call, nothing is acquired.</param>
    /// <returns>A task that completes after the release, with the result of the body.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="body"/> is null; thrown at the call.</exception>
    [OverloadResolutionPriority(3)]
    public Task<TResult> UseAsync<TResult>(
        Func<T, CancellationToken, ValueTask<TResult>> body, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(body);
        return AsyncScope.RunAsync(
            async ValueTask<TResult> (scope, token) =>
            {
                var caller = CallerContext.Capture();
                var resource = await scope.EnterAsync(this, token).NoContext();
                await caller;
                return await body(resource, token).NoContext();
            },
            _options,
            cancellationToken);
    }

    /// <inheritdoc cref="UseAsync{TResult}(Func{T, CancellationToken, ValueTask{TResult}}, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public Task<TResult> UseAsync<TResult>(
        Func<T, CancellationToken, Task<TResult>> body, CancellationToken cancellationToken = default) =>
        UseAsync(DelegateAdapters.Adapt(body), cancellationToken);

    /// <summary>Acquires the resource, runs <paramref name="body"/> with it and releases it.</summary>
    /// <param name="body">The function to run. It receives the resource and the token.</param>
    /// <param name="cancellationToken">Passed to the functions that acquire and use the resource, but not to the
    /// release. If it is cancelled at the call, nothing is acquired.</param>
    /// <returns>A task that completes after the release.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="body"/> is null; thrown at the call.</exception>
    [OverloadResolutionPriority(1)]
    public Task UseAsync(Func<T, CancellationToken, ValueTask> body, CancellationToken cancellationToken = default) =>
        UseAsync(DelegateAdapters.Adapt(body), cancellationToken);

    /// <inheritdoc cref="UseAsync(Func{T, CancellationToken, ValueTask}, CancellationToken)"/>
    public Task UseAsync(Func<T, CancellationToken, Task> body, CancellationToken cancellationToken = default) =>
        UseAsync(DelegateAdapters.Adapt(body), cancellationToken);
}
