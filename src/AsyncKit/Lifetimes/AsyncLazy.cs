using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <summary>A value that is made when it is first asked for, by an async factory, and then kept.</summary>
/// <typeparam name="T">The value. If it is disposable, it is disposed with this object.</typeparam>
/// <remarks>
/// <list type="bullet">
/// <item>One run of the factory at a time, however many wait for it.</item>
/// <item>A waiter's token cancels only its own wait. The factory's token is cancelled when the last waiter has
/// left.</item>
/// <item>Who comes after that waits until the factory has ended, and gets its value if it has made one all the same, else
/// a new run.</item>
/// <item>A failure goes to everyone who waits for that run and is not kept: the next call runs the factory again.
/// <see cref="AsyncLazyOptions.CacheFailures"/> keeps it.</item>
/// <item>The factory runs on the pool in an empty ExecutionContext: nothing of the caller that came first leaks into
/// it.</item>
/// <item>A factory that awaits its own value, directly or through the factories of others, gets an
/// <see cref="InvalidOperationException"/> instead of waiting for ever.</item>
/// <item>After a reset the value is made anew. Who waited before still gets what the running factory makes; who comes
/// later waits for a run that begins after it.</item>
/// <item>Disposing cancels a running factory, waits for it and disposes the value. Who waits, and every later call, gets
/// an <see cref="ObjectDisposedException"/>.</item>
/// </list>
/// Thread-safe. Cost: nothing per call once the value is there; before, some small objects for each waiter.
/// </remarks>
[DebuggerDisplay("{ToString(),nq}")]
public sealed partial class AsyncLazy<T> : IAsyncDisposable
{
    // Invariants, under the lock: (1) there is a run or nobody waits; (2) who waits is in one list and is completed by
    // whoever takes it out; (3) _later is empty unless the run cannot be joined; (4) a value or a kept failure is there
    // only without a run.
    private readonly Lock _lock = new();
    private readonly LazyNode _node = new();
    private readonly Func<CancellationToken, ValueTask<T>> _factory;
    private readonly bool _cacheFailures;
    private List<LazyWaiter<T>> _waiters = [];
    private List<LazyWaiter<T>> _later = [];
    private volatile StrongBox<T>? _created;
    private LazyOutcome<T>? _failure;
    private LazyOutcome<T> _outcome;
    private TaskCompletionSource<Task<bool>>? _disposal;
    private TaskCompletionSource<Task<bool>>? _runEnded;

    /// <summary>A value that is made when it is first asked for.</summary>
    /// <param name="factory">Makes the value, on the pool. Its token is cancelled when nobody waits any more.</param>
    /// <param name="options">What happens to failures; null for the defaults.</param>
    /// <exception cref="ArgumentNullException"><paramref name="factory"/> is null.</exception>
    [OverloadResolutionPriority(1)]
    public AsyncLazy(Func<CancellationToken, ValueTask<T>> factory, AsyncLazyOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(factory);
        _factory = factory;
        _cacheFailures = options?.CacheFailures ?? false;
    }

    /// <inheritdoc cref="AsyncLazy{T}(Func{CancellationToken, ValueTask{T}}, AsyncLazyOptions)"/>
    public AsyncLazy(Func<CancellationToken, Task<T>> factory, AsyncLazyOptions? options = null)
        : this(DelegateAdapters.Adapt(factory), options)
    {
    }

    /// <summary>Whether the value is there: then <see cref="GetAsync"/> ends at once.</summary>
    public bool IsCreated => _created is not null;

    /// <summary>The value; makes it if it is not there.</summary>
    /// <param name="cancellationToken">Ends this wait and no other. Cancelled at the call: nothing is started.</param>
    /// <returns>A task with the value. It has completed already when the value is there.</returns>
    /// <exception cref="OperationCanceledException">From the task: <paramref name="cancellationToken"/> was
    /// cancelled.</exception>
    /// <exception cref="InvalidOperationException">From the task: the caller is the factory of this value, or one that
    /// it waits for.</exception>
    /// <exception cref="ObjectDisposedException">From the task: this object has been disposed.</exception>
    public ValueTask<T> GetAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<T>(cancellationToken);
        }

        return _created is { } created ? new ValueTask<T>(created.Value!) : WaitAsync(cancellationToken);
    }

    /// <summary>The value, if it is there. Starts nothing.</summary>
    /// <param name="value">The value, or the default.</param>
    /// <returns>Whether it is there.</returns>
    public bool TryGet([MaybeNullWhen(false)] out T value)
    {
        var created = _created;
        value = created is null ? default : created.Value;
        return created is not null;
    }

    /// <summary>Forgets the value or the kept failure; the next call makes a new one. The old value is not disposed,
    /// since others may be using it; whoever resets disposes it if need be. What a running factory makes still goes to
    /// who waits for it; if nobody does any more, it is disposed.</summary>
    public void Reset()
    {
        lock (_lock)
        {
            _created = null;
            _failure = null;
            if (_node.Run is { } run)
            {
                run.IsForgotten = true;
            }
        }
    }

    /// <summary>Cancels a running factory, waits for it, and disposes the value, asynchronously if it can. A second
    /// call waits for the first.</summary>
    /// <returns>A task that ends when nothing runs any more. It carries what disposing the value threw.</returns>
    /// <exception cref="InvalidOperationException">From the task: the caller is the factory of this
    /// value.</exception>
    public ValueTask DisposeAsync()
    {
        StrongBox<T>? created;
        LazyRun? toCancel;
        List<LazyWaiter<T>> refused;
        lock (_lock)
        {
            if (_node.Run is { } own && LazyNode.Inside == own)
            {
                return ValueTask.FromException(new InvalidOperationException(
                    "The factory of an AsyncLazy must not dispose it: that would wait for the factory."));
            }

            if (_disposal is not null)
            {
                return new ValueTask(_disposal.Task.Unwrap());
            }

            _disposal = AsyncEnvironment.NewCompletion<Task<bool>>();
            (created, _created, _failure) = (_created, null, null);
            (refused, _later) = (_later, []);
            _runEnded = _node.Run is null ? null : AsyncEnvironment.NewCompletion<Task<bool>>();
            toCancel = TryAbandon();
        }

        Cancel(toCancel);
        refused.ForEach(waiter => waiter.Complete(new LazyOutcome<T>(Disposed())));
        _ = DisposeCoreAsync(created);
        return new ValueTask(_disposal.Task.Unwrap());
    }

    /// <summary>What it is at this moment.</summary>
    /// <returns>Whether the value is there, and how many wait for it.</returns>
    public override string ToString()
    {
        lock (_lock)
        {
            var state = _disposal is not null ? "disposed"
                : _created is not null ? "created"
                : _failure is not null ? "failed"
                : _node.Run is null ? "not created"
                : $"running, {_waiters.Count + _later.Count} waiting";
            return $"AsyncLazy<{typeof(T).Name}>: {state}";
        }
    }

    /// <summary>Called when the waiter's token is cancelled.</summary>
    private void Leave(LazyWaiter<T> waiter)
    {
        LazyRun? toCancel;
        lock (_lock)
        {
            if (!_waiters.Remove(waiter) && !_later.Remove(waiter))
            {
                return; // It has just got its outcome.
            }

            toCancel = _waiters.Count == 0 ? TryAbandon() : null;
        }

        Cancel(toCancel);
        waiter.Cancel();
    }

    private async ValueTask<T> WaitAsync(CancellationToken cancellationToken)
    {
        var inside = LazyNode.Inside;
        if (inside is null)
        {
            return (await JoinAsync(cancellationToken).NoContext()).Value;
        }

        _node.WaitFrom(inside);
        try
        {
            return (await JoinAsync(cancellationToken).NoContext()).Value;
        }
        finally
        {
            _node.EndWaitFrom(inside);
        }
    }

    private async ValueTask<LazyOutcome<T>> JoinAsync(CancellationToken cancellationToken)
    {
        var waiter = new LazyWaiter<T>(this, cancellationToken);
        LazyRun? toStart = null;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposal is not null, this);
            if (_created is { } created)
            {
                return new LazyOutcome<T>(created.Value!);
            }

            if (_failure is { } failure)
            {
                return failure;
            }

            toStart = _node.Run is null ? NewRun() : null;
            (_node.Run is { IsAbandoned: true } or { IsForgotten: true } ? _later : _waiters).Add(waiter);
        }

        Start(toStart);
        var registration = cancellationToken.UnsafeRegister(
            static one => ((LazyWaiter<T>)one!).Owner.Leave((LazyWaiter<T>)one), waiter);
        var outcome = await waiter.Task.NoContext();
        _ = registration.Unregister();
        return outcome;
    }
}
