using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace AsyncKit;

/// <summary>
/// Collects cleanups while resources are acquired, and runs them when it closes: for any number of resources that is
/// known only at run time, without nested blocks.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>Cleanups run one after the other, in reverse order of being added, each once.</item>
/// <item>Every cleanup runs, even if an earlier one throws.</item>
/// <item>Each cleanup gets a fresh token with its own time limit, not the token that cancelled the body. A cleanup that
/// the limit cancels is reported as a <see cref="TimeoutException"/>.</item>
/// <item>Under RunAsync, the body's exception stays the primary one: await throws it unchanged, and the task's
/// Exception also contains the exceptions of the cleanups. If the body was cancelled, they are the inner exception of
/// the cancellation.</item>
/// <item>If only cleanups fail, their exceptions are thrown: a single one unchanged, several as one flat
/// <see cref="AggregateException"/>.</item>
/// <item>A resource whose acquisition completes after the scope has closed is cleaned up at once, and the caller gets
/// an <see cref="ObjectDisposedException"/>.</item>
/// <item>Release transfers all cleanups to a new scope, so that successful code keeps its resources.</item>
/// <item>Every cleanup begins where the scope was closed: on the SynchronizationContext of the code that calls RunAsync
/// or DisposeAsync, otherwise on its TaskScheduler, otherwise on the thread pool. It sees that code's
/// ExecutionContext.</item>
/// </list>
/// <para>With <c>await using</c>, a scope cannot see the body's exception: C# replaces it with an exception that
/// DisposeAsync throws. Use RunAsync if cleanups may throw.</para>
/// Thread-safe. Cost: two small objects per cleanup, and a timer while a cleanup with a token runs.
/// </remarks>
/// <example>
/// <code>
/// await using var scope = new AsyncScope();
/// var connection = await scope.EnterAsync(token =&gt; Connection.OpenAsync(token), cancellationToken);
/// scope.DeferAsync(token =&gt; NotifyAsync(token)); // Runs first: cleanups run in reverse order.
///
/// await connection.SendAsync(message, cancellationToken);
/// </code>
/// </example>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class AsyncScope : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly AsyncScopeOptions _options;
    private Stack<Cleanup>? _cleanups = new(); // Null once the scope is closed.

    /// <summary>Creates an empty scope.</summary>
    /// <param name="options">The time limit of each cleanup; null for the defaults.</param>
    public AsyncScope(AsyncScopeOptions? options = null) => _options = options ?? new();

    /// <summary>Runs <paramref name="body"/> with a new scope and cleans up, regardless of whether the body succeeds,
    /// fails or is cancelled.</summary>
    /// <typeparam name="TResult">The type of the result.</typeparam>
    /// <param name="body">The function to run. It receives the scope and the token, and runs on the caller's thread up
    /// to its first await.</param>
    /// <param name="options">The time limit of each cleanup; null for the defaults.</param>
    /// <param name="cancellationToken">Passed to the body, but not to the cleanups. If it is cancelled at the call, the
    /// body does not run.</param>
    /// <returns>A task that completes after the last cleanup, with the result of the body.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="body"/> is null; thrown at the call.</exception>
    /// <exception cref="OperationCanceledException">The task is cancelled with this if the body is cancelled.
    /// Exceptions of cleanups are the inner exception.</exception>
    /// <exception cref="AggregateException">The task is faulted with this if the body succeeds and several cleanups
    /// fail.</exception>
    [OverloadResolutionPriority(3)]
    public static Task<TResult> RunAsync<TResult>(
        Func<AsyncScope, CancellationToken, ValueTask<TResult>> body,
        AsyncScopeOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(body);
        return cancellationToken.IsCancellationRequested
            ? Task.FromCanceled<TResult>(cancellationToken)
            : RunCoreAsync(body, options, cancellationToken).Unwrap();
    }

    /// <inheritdoc cref="RunAsync{TResult}(Func{AsyncScope, CancellationToken, ValueTask{TResult}}, AsyncScopeOptions, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public static Task<TResult> RunAsync<TResult>(
        Func<AsyncScope, CancellationToken, Task<TResult>> body,
        AsyncScopeOptions? options = null,
        CancellationToken cancellationToken = default) =>
        RunAsync(DelegateAdapters.Adapt(body), options, cancellationToken);

    /// <summary>Runs <paramref name="body"/> with a new scope and cleans up, regardless of whether the body succeeds,
    /// fails or is cancelled.</summary>
    /// <param name="body">The function to run. It receives the scope and the token, and runs on the caller's thread up
    /// to its first await.</param>
    /// <param name="options">The time limit of each cleanup; null for the defaults.</param>
    /// <param name="cancellationToken">Passed to the body, but not to the cleanups. If it is cancelled at the call, the
    /// body does not run.</param>
    /// <returns>A task that completes after the last cleanup.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="body"/> is null; thrown at the call.</exception>
    /// <exception cref="OperationCanceledException">The task is cancelled with this if the body is cancelled.
    /// Exceptions of cleanups are the inner exception.</exception>
    /// <exception cref="AggregateException">The task is faulted with this if the body succeeds and several cleanups
    /// fail.</exception>
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

    /// <summary>Acquires a resource that the scope disposes when it closes, asynchronously if the resource supports
    /// that.</summary>
    /// <typeparam name="T">The type of the resource: an <see cref="IAsyncDisposable"/> or an
    /// <see cref="IDisposable"/>.</typeparam>
    /// <param name="acquire">The function that acquires the resource. If it throws, there is nothing to clean
    /// up.</param>
    /// <param name="cancellationToken">Passed to <paramref name="acquire"/>. If it is cancelled at the call, that
    /// function is not called.</param>
    /// <returns>A task that completes with the resource.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="acquire"/> is null; thrown at the call.</exception>
    /// <exception cref="ArgumentException">The task is faulted with this if the resource is not disposable.</exception>
    /// <exception cref="ObjectDisposedException">The task is faulted with this if the scope is closed. A resource that
    /// was acquired in the meantime has been disposed.</exception>
    [OverloadResolutionPriority(1)]
    public ValueTask<T> EnterAsync<T>(
        Func<CancellationToken, ValueTask<T>> acquire, CancellationToken cancellationToken = default)
        where T : notnull
    {
        ArgumentNullException.ThrowIfNull(acquire);
        return EnterCoreAsync(acquire, DisposalOf, cancellationToken);
    }

    /// <inheritdoc cref="EnterAsync{T}(Func{CancellationToken, ValueTask{T}}, CancellationToken)"/>
    public ValueTask<T> EnterAsync<T>(
        Func<CancellationToken, Task<T>> acquire, CancellationToken cancellationToken = default)
        where T : notnull => EnterCoreAsync(DelegateAdapters.Adapt(acquire), DisposalOf, cancellationToken);

    /// <summary>Acquires a resource that the scope releases when it closes.</summary>
    /// <typeparam name="T">The type of the resource.</typeparam>
    /// <param name="acquire">The function that acquires the resource. If it throws, there is nothing to
    /// release.</param>
    /// <param name="release">The function that releases it, called once. It receives the resource and a fresh
    /// token.</param>
    /// <param name="cancellationToken">Passed to <paramref name="acquire"/>. If it is cancelled at the call, that
    /// function is not called.</param>
    /// <returns>A task that completes with the resource.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="acquire"/> or <paramref name="release"/> is null; thrown
    /// at the call.</exception>
    /// <exception cref="ObjectDisposedException">The task is faulted with this if the scope is closed. A resource that
    /// was acquired in the meantime has been released.</exception>
    [OverloadResolutionPriority(3)]
    public ValueTask<T> EnterAsync<T>(
        Func<CancellationToken, ValueTask<T>> acquire,
        Func<T, CancellationToken, ValueTask> release,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(acquire);
        ArgumentNullException.ThrowIfNull(release);
        return EnterCoreAsync(acquire, one => new Cleanup(token => release(one, token)), cancellationToken);
    }

    /// <inheritdoc cref="EnterAsync{T}(Func{CancellationToken, ValueTask{T}}, Func{T, CancellationToken, ValueTask}, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public ValueTask<T> EnterAsync<T>(
        Func<CancellationToken, Task<T>> acquire,
        Func<T, CancellationToken, ValueTask> release,
        CancellationToken cancellationToken = default) =>
        EnterAsync(DelegateAdapters.Adapt(acquire), release, cancellationToken);

    /// <inheritdoc cref="EnterAsync{T}(Func{CancellationToken, ValueTask{T}}, Func{T, CancellationToken, ValueTask}, CancellationToken)"/>
    [OverloadResolutionPriority(1)]
    public ValueTask<T> EnterAsync<T>(
        Func<CancellationToken, ValueTask<T>> acquire,
        Func<T, CancellationToken, Task> release,
        CancellationToken cancellationToken = default) =>
        EnterAsync(acquire, DelegateAdapters.WithoutResult(release), cancellationToken);

    /// <inheritdoc cref="EnterAsync{T}(Func{CancellationToken, ValueTask{T}}, Func{T, CancellationToken, ValueTask}, CancellationToken)"/>
    public ValueTask<T> EnterAsync<T>(
        Func<CancellationToken, Task<T>> acquire,
        Func<T, CancellationToken, Task> release,
        CancellationToken cancellationToken = default) =>
        EnterAsync(DelegateAdapters.Adapt(acquire), DelegateAdapters.WithoutResult(release), cancellationToken);

    /// <summary>Acquires a resource that the scope releases when it closes.</summary>
    /// <typeparam name="T">The type of the resource.</typeparam>
    /// <param name="resource">The functions that acquire and release the resource.</param>
    /// <param name="cancellationToken">Passed to the function that acquires the resource. If it is cancelled at the
    /// call, that function is not called.</param>
    /// <returns>A task that completes with the resource.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="resource"/> is null; thrown at the call.</exception>
    /// <exception cref="ObjectDisposedException">The task is faulted with this if the scope is closed. A resource that
    /// was acquired in the meantime has been released.</exception>
    public ValueTask<T> EnterAsync<T>(AsyncResource<T> resource, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(resource);
        return EnterAsync(resource.Acquire, resource.Release, cancellationToken);
    }

    /// <summary>Takes ownership of an open resource and disposes it when the scope closes, asynchronously if the
    /// resource supports that.</summary>
    /// <typeparam name="T">The type of the resource: an <see cref="IAsyncDisposable"/> or an
    /// <see cref="IDisposable"/>.</typeparam>
    /// <param name="resource">The resource.</param>
    /// <returns>The same resource.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="resource"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="resource"/> is not disposable.</exception>
    /// <exception cref="ObjectDisposedException">The scope is closed; the caller keeps the resource.</exception>
    public T Add<T>(T resource)
        where T : notnull
    {
        ArgumentNullException.ThrowIfNull(resource);
        Push(DisposalOf(resource));
        return resource;
    }

    /// <summary>Adds a cleanup without a time limit. If it returns a task, the scope awaits it when it
    /// closes.</summary>
    /// <param name="cleanup">The function to call once when the scope closes.</param>
    /// <exception cref="ArgumentNullException"><paramref name="cleanup"/> is null.</exception>
    /// <exception cref="ObjectDisposedException">The scope is closed.</exception>
    public void Defer(Action cleanup)
    {
        ArgumentNullException.ThrowIfNull(cleanup);
        Push(new Cleanup(cleanup));
    }

    /// <inheritdoc cref="Defer(Action)"/>
    [OverloadResolutionPriority(2)]
    public void Defer(Func<ValueTask> cleanup)
    {
        ArgumentNullException.ThrowIfNull(cleanup);
        Push(new Cleanup(_ => cleanup(), takesToken: false));
    }

    /// <inheritdoc cref="Defer(Action)"/>
    [OverloadResolutionPriority(1)] // Before Action, with which an async lambda would be async void.
    public void Defer(Func<Task> cleanup)
    {
        ArgumentNullException.ThrowIfNull(cleanup);
        Push(new Cleanup(_ => DelegateAdapters.AsValueTask(cleanup()), takesToken: false));
    }

    /// <summary>Adds an async cleanup. The scope awaits it when it closes; there is nothing to await at this
    /// call.</summary>
    /// <param name="cleanup">The function to call once. It receives a fresh token that is cancelled after
    /// <see cref="AsyncScopeOptions.CleanupTimeout"/>.</param>
    /// <exception cref="ArgumentNullException"><paramref name="cleanup"/> is null.</exception>
    /// <exception cref="ObjectDisposedException">The scope is closed.</exception>
    [OverloadResolutionPriority(1)]
    public void DeferAsync(Func<CancellationToken, ValueTask> cleanup)
    {
        ArgumentNullException.ThrowIfNull(cleanup);
        Push(new Cleanup(cleanup));
    }

    /// <inheritdoc cref="DeferAsync(Func{CancellationToken, ValueTask})"/>
    public void DeferAsync(Func<CancellationToken, Task> cleanup)
    {
        ArgumentNullException.ThrowIfNull(cleanup);
        Push(new Cleanup(token => DelegateAdapters.AsValueTask(cleanup(token))));
    }

    /// <summary>Transfers all cleanups to a new scope. This scope is then empty and stays open.</summary>
    /// <returns>A new scope with the cleanups and the same options.</returns>
    /// <exception cref="ObjectDisposedException">The scope is closed.</exception>
    public AsyncScope Release()
    {
        var successor = new AsyncScope(_options);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_cleanups is null, this);
            (successor._cleanups, _cleanups) = (_cleanups, new());
        }

        return successor;
    }

    /// <summary>Closes the scope and runs the cleanups. A second call does nothing.</summary>
    /// <returns>A task that completes after the last cleanup. It is faulted with the exceptions of the cleanups: a
    /// single one unchanged, several as one flat <see cref="AggregateException"/>.</returns>
    public async ValueTask DisposeAsync()
    {
        if (await CloseAsync(CallerContext.Capture()).NoContext() is { Count: > 0 } failures)
        {
            ExceptionDispatchInfo.Throw(TaskExceptions.Combine(failures));
        }
    }

    /// <summary>Returns a snapshot of the state for debugging.</summary>
    /// <returns>The number of cleanups, or that the scope is closed.</returns>
    public override string ToString()
    {
        lock (_lock)
        {
            return _cleanups is null ? "AsyncScope: closed" : $"AsyncScope: {_cleanups.Count} to clean up";
        }
    }

    private static async Task<Task<TResult>> RunCoreAsync<TResult>(
        Func<AsyncScope, CancellationToken, ValueTask<TResult>> body,
        AsyncScopeOptions? options,
        CancellationToken cancellationToken)
    {
        var caller = CallerContext.Capture();
        var scope = new AsyncScope(options);
        var (result, thrown) = (default(TResult), default(Exception));
        try
        {
            result = await body(scope, cancellationToken).NoContext();
        }
        catch (Exception exception)
        {
            thrown = exception;
        }

        var failures = await scope.CloseAsync(caller).NoContext();
        return (thrown, failures) switch
        {
            ({ } exception, _) => TaskExceptions.WithCleanupFailures<TResult>(exception, failures, cancellationToken),
            (_, { Count: > 0 }) => TaskExceptions.Faulted<TResult>([TaskExceptions.Combine(failures)]),
            _ => Task.FromResult(result!),
        };
    }

    private static Cleanup DisposalOf<T>(T resource) => Disposal.IsPossible(resource)
        ? Cleanup.OfResource(resource!)
        : throw new ArgumentException(
            $"{resource?.GetType().Name ?? "null"} is not IAsyncDisposable or IDisposable; pass a release function.",
            nameof(resource));

    private async ValueTask<T> EnterCoreAsync<T>(
        Func<CancellationToken, ValueTask<T>> acquire, Func<T, Cleanup> release, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_cleanups is null, this);
        }

        var caller = CallerContext.Capture();
        var resource = await acquire(cancellationToken).NoContext();
        var cleanup = release(resource);
        if (TryPush(cleanup))
        {
            return resource;
        }

        var failures = new List<Exception>();
        await caller;
        await RunAsync(cleanup, failures).NoContext();
        throw new ObjectDisposedException(
            "The scope closed while a resource was being acquired; the resource was cleaned up.",
            failures.Count == 0 ? null : TaskExceptions.Combine(failures));
    }

    private void Push(Cleanup cleanup) => ObjectDisposedException.ThrowIf(!TryPush(cleanup), this);

    private bool TryPush(Cleanup cleanup)
    {
        lock (_lock)
        {
            _cleanups?.Push(cleanup);
            return _cleanups is not null;
        }
    }

    /// <param name="caller">Where each cleanup runs, even if the one before it was asynchronous.</param>
    private async Task<List<Exception>> CloseAsync(CallerContext caller)
    {
        Stack<Cleanup>? cleanups;
        lock (_lock)
        {
            (cleanups, _cleanups) = (_cleanups, null);
        }

        var failures = new List<Exception>();
        while (cleanups is not null && cleanups.TryPop(out var cleanup))
        {
            await caller;
            await RunAsync(cleanup, failures).NoContext();
        }

        return failures;
    }

    private Task RunAsync(Cleanup cleanup, List<Exception> failures) =>
        cleanup.RunAsync(_options.CleanupTimeout, AsyncEnvironment.Clock(_options.TimeProvider), failures);
}
