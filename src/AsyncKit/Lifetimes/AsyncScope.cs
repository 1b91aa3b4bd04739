using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <summary>
/// Collects what must be cleaned up while it is being acquired, and cleans it up in the end: any number of resources,
/// known only at run time, without nesting.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>Cleanups run one after the other, in reverse order of being added, once.</item>
/// <item>Every cleanup runs, even if one before it throws.</item>
/// <item>Each gets a fresh token with a time limit of its own, not the token that has stopped the body. A cleanup that the
/// limit has cancelled is a <see cref="TimeoutException"/>.</item>
/// <item>The body's exception stays the primary one under RunAsync: await throws it as it is, and what cleanups threw is
/// beside it in the task's Exception. If the body was cancelled, that is the inner exception of the cancellation.</item>
/// <item>What cleanups threw when the body has succeeded is thrown: one exception as it is, several as one flat
/// <see cref="AggregateException"/>.</item>
/// <item>What is acquired while the scope is being closed is cleaned up at once, and the caller gets an
/// <see cref="ObjectDisposedException"/>.</item>
/// <item>Release hands all cleanups over to a new scope, so that what has succeeded keeps its resources.</item>
/// </list>
/// <para>With <c>await using</c> a scope cannot know the body's exception: C# lets what DisposeAsync throws take its place.
/// Where cleanups may throw, RunAsync is the form to use.</para>
/// Thread-safe. Cost: two small objects for each cleanup, and a timer while one with a token runs.
/// </remarks>
[DebuggerDisplay("{ToString(),nq}")]
public sealed partial class AsyncScope : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly AsyncScopeOptions _options;
    private Stack<Cleanup>? _cleanups = new(); // Null when closed.

    /// <summary>An empty scope.</summary>
    /// <param name="options">The limit of each cleanup; null for the defaults.</param>
    public AsyncScope(AsyncScopeOptions? options = null) => _options = options ?? new();

    /// <summary>Acquires a resource, to be disposed at the end, asynchronously if it can.</summary>
    /// <typeparam name="T">The resource: an <see cref="IAsyncDisposable"/> or an <see cref="IDisposable"/>.</typeparam>
    /// <param name="acquire">Opens the resource. If it throws, there is nothing to clean up.</param>
    /// <param name="cancellationToken">Given to <paramref name="acquire"/>. Cancelled at the call: it is not
    /// called.</param>
    /// <returns>A task with the resource.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="acquire"/> is null; thrown at the call.</exception>
    /// <exception cref="ArgumentException">From the task: what was acquired is not disposable.</exception>
    /// <exception cref="ObjectDisposedException">From the task: the scope is closed. What was acquired meanwhile has been
    /// disposed.</exception>
    [OverloadResolutionPriority(1)]
    public ValueTask<T> EnterAsync<T>(
        Func<CancellationToken, ValueTask<T>> acquire, CancellationToken cancellationToken = default)
        where T : notnull
    {
        ArgumentNullException.ThrowIfNull(acquire);
        return EnterCoreAsync(acquire, Disposing, cancellationToken);
    }

    /// <inheritdoc cref="EnterAsync{T}(Func{CancellationToken, ValueTask{T}}, CancellationToken)"/>
    public ValueTask<T> EnterAsync<T>(
        Func<CancellationToken, Task<T>> acquire, CancellationToken cancellationToken = default)
        where T : notnull => EnterCoreAsync(DelegateAdapters.Adapt(acquire), Disposing, cancellationToken);

    /// <summary>Acquires a resource, to be released at the end.</summary>
    /// <typeparam name="T">The resource: anything.</typeparam>
    /// <param name="acquire">Opens the resource. If it throws, there is nothing to release.</param>
    /// <param name="release">Called once at the end, with the resource and a fresh token.</param>
    /// <param name="cancellationToken">Given to <paramref name="acquire"/>. Cancelled at the call: it is not
    /// called.</param>
    /// <returns>A task with the resource.</returns>
    /// <exception cref="ArgumentNullException">A parameter is null; thrown at the call.</exception>
    /// <exception cref="ObjectDisposedException">From the task: the scope is closed. What was acquired meanwhile has been
    /// released.</exception>
    public ValueTask<T> EnterAsync<T>(
        Func<CancellationToken, ValueTask<T>> acquire,
        Func<T, CancellationToken, ValueTask> release,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(acquire);
        ArgumentNullException.ThrowIfNull(release);
        return EnterCoreAsync(acquire, one => Cleanup.Of(token => release(one, token)), cancellationToken);
    }

    /// <summary>Acquires a resource, to be released at the end.</summary>
    /// <typeparam name="T">The resource.</typeparam>
    /// <param name="resource">Knows how to acquire and to release it.</param>
    /// <param name="cancellationToken">Stops acquiring. Cancelled at the call: it does not begin.</param>
    /// <returns>A task with the resource.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="resource"/> is null; thrown at the call.</exception>
    /// <exception cref="ObjectDisposedException">From the task: the scope is closed. What was acquired meanwhile has been
    /// released.</exception>
    public ValueTask<T> EnterAsync<T>(AsyncResource<T> resource, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(resource);
        return EnterAsync(resource.Acquire, resource.Release, cancellationToken);
    }

    /// <summary>Takes over a resource that is open already, to be disposed at the end, asynchronously if it
    /// can.</summary>
    /// <typeparam name="T">The resource: an <see cref="IAsyncDisposable"/> or an <see cref="IDisposable"/>.</typeparam>
    /// <param name="resource">The resource.</param>
    /// <returns>The resource.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="resource"/> is null.</exception>
    /// <exception cref="ArgumentException">It is not disposable.</exception>
    /// <exception cref="ObjectDisposedException">The scope is closed; the resource stays the caller's.</exception>
    public T Add<T>(T resource)
        where T : notnull
    {
        ArgumentNullException.ThrowIfNull(resource);
        Push(Disposing(resource));
        return resource;
    }

    /// <summary>Something to be done at the end.</summary>
    /// <param name="cleanup">Called once. For async code there is <see cref="DeferAsync"/>.</param>
    /// <exception cref="ArgumentNullException"><paramref name="cleanup"/> is null.</exception>
    /// <exception cref="ObjectDisposedException">The scope is closed.</exception>
    public void Defer(Action cleanup)
    {
        ArgumentNullException.ThrowIfNull(cleanup);
        Push(Cleanup.Of(cleanup));
    }

    /// <summary>Refuses async code at compile time: nobody would wait for it.</summary>
    /// <param name="cleanup">Belongs to <see cref="DeferAsync"/>.</param>
    /// <exception cref="NotSupportedException">Always.</exception>
    [EditorBrowsable(EditorBrowsableState.Never)]
    [Obsolete("Nobody would wait for this cleanup: use DeferAsync.", error: true)]
    public void Defer(Func<Task> cleanup) => throw new NotSupportedException("Use DeferAsync.");

    /// <summary>Something async to be done at the end. It is awaited there; nothing is to be awaited here.</summary>
    /// <param name="cleanup">Called once, with a fresh token that is cancelled after
    /// <see cref="AsyncScopeOptions.CleanupTimeout"/>.</param>
    /// <exception cref="ArgumentNullException"><paramref name="cleanup"/> is null.</exception>
    /// <exception cref="ObjectDisposedException">The scope is closed.</exception>
    public void DeferAsync(Func<CancellationToken, ValueTask> cleanup)
    {
        ArgumentNullException.ThrowIfNull(cleanup);
        Push(Cleanup.Of(cleanup));
    }

    /// <summary>Hands all cleanups over. This scope is empty then and stays open.</summary>
    /// <returns>A new scope, with the same options, that has them.</returns>
    /// <exception cref="ObjectDisposedException">The scope is closed.</exception>
    public AsyncScope Release()
    {
        var taker = new AsyncScope(_options);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_cleanups is null, this);
            (taker._cleanups, _cleanups) = (_cleanups, new());
        }

        return taker;
    }

    /// <summary>Closes the scope and cleans up. A second call does nothing.</summary>
    /// <returns>A task that ends after the last cleanup. It carries what cleanups threw: one exception as it is, several
    /// as one flat <see cref="AggregateException"/>.</returns>
    public async ValueTask DisposeAsync()
    {
        if (await CloseAsync().NoContext() is { Count: > 0 } failures)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(TaskExceptions.OneOf(failures));
        }
    }

    /// <summary>What it holds at this moment.</summary>
    /// <returns>How many cleanups there are, or that it is closed.</returns>
    public override string ToString()
    {
        lock (_lock)
        {
            return _cleanups is null ? "AsyncScope: closed" : $"AsyncScope: {_cleanups.Count} to clean up";
        }
    }

    private static Cleanup Disposing<T>(T resource) => Disposal.IsPossible(resource)
        ? Cleanup.OfResource(resource!)
        : throw new ArgumentException(
            $"{resource?.GetType().Name ?? "null"} is neither IAsyncDisposable nor IDisposable: say how to release it.",
            nameof(resource));

    private async ValueTask<T> EnterCoreAsync<T>(
        Func<CancellationToken, ValueTask<T>> acquire, Func<T, Cleanup> release, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_cleanups is null, this);
        }

        var resource = await acquire(cancellationToken).NoContext();
        var cleanup = release(resource);
        if (TryPush(cleanup))
        {
            return resource;
        }

        var failures = new List<Exception>();
        await RunAsync(cleanup, failures).NoContext();
        throw new ObjectDisposedException(
            "The scope was closed while a resource was being acquired; the resource has been cleaned up.",
            failures.Count == 0 ? null : TaskExceptions.OneOf(failures));
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

    private async Task<List<Exception>> CloseAsync()
    {
        Stack<Cleanup>? cleanups;
        lock (_lock)
        {
            (cleanups, _cleanups) = (_cleanups, null);
        }

        var failures = new List<Exception>();
        while (cleanups is not null && cleanups.TryPop(out var cleanup))
        {
            await RunAsync(cleanup, failures).NoContext();
        }

        return failures;
    }

    private Task RunAsync(Cleanup cleanup, List<Exception> failures) =>
        cleanup.RunAsync(_options.CleanupTimeout, AsyncEnvironment.Clock(_options.TimeProvider), failures);
}
