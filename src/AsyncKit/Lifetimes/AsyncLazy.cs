using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <summary>Represents a value that an async factory creates on first use, and that is then kept.</summary>
/// <typeparam name="T">The type of the value. A disposable value is disposed with this object.</typeparam>
/// <remarks>
/// <list type="bullet">
/// <item>The factory runs at most once at a time, regardless of the number of waiters.</item>
/// <item>A waiter's token cancels only its own wait. When the last waiter leaves, the factory's token is
/// cancelled.</item>
/// <item>A later caller waits until that cancelled run completes. If the run returns a value, the caller gets it;
/// otherwise a new run starts.</item>
/// <item>A failure is thrown to every waiter of that run and is not kept: the next call runs the factory again.
/// <see cref="AsyncLazyOptions.CacheFailures"/> keeps it.</item>
/// <item>The factory runs on the thread pool in an empty ExecutionContext, so nothing of the first caller leaks into
/// it.</item>
/// <item>After <see cref="Reset"/>, earlier waiters still get the value of the running factory. Later callers wait for
/// a run that starts after it.</item>
/// <item>Disposing cancels a running factory, waits for it and disposes the value. Waiters and later callers get an
/// <see cref="ObjectDisposedException"/>.</item>
/// </list>
/// <para>Values that wait for each other deadlock: a factory must not await its own value, neither directly nor through
/// the factory of another value, and must not await its disposal. An AsyncTest of
/// AsyncKit.Testing reports such a cycle as a deadlock and names the factories.</para>
/// Thread-safe. Cost: nothing per call once the value exists; until then, a few small objects per waiter.
/// </remarks>
/// <example>
/// <code>
/// var catalog = new AsyncLazy&lt;Catalog&gt;(token =&gt; LoadCatalogAsync(token));
///
/// Catalog first = await catalog.GetAsync(cancellationToken); // Loads it.
/// Catalog second = await catalog.GetAsync(cancellationToken); // Returns the same object.
/// </code>
/// </example>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class AsyncLazy<T> : IAsyncDisposable
{
    // Invariants, under the lock:
    // (1) Without a run there are no waiters.
    // (2) A waiter is in exactly one list. The thread that removes the waiter or takes the list completes it, so it
    // completes once.
    // (3) _later is empty unless the run cannot be joined.
    // (4) _kept is null while there is a run.
    private static readonly Task<T> Left = Task.FromCanceled<T>(new CancellationToken(canceled: true)); // See WaitAsync.
    private readonly Lock _lock = new();
    private readonly Func<CancellationToken, ValueTask<T>> _factory;
    private readonly bool _cacheFailures;
    private LinkedList<Waiter> _waiters = new(); // Waiters of the current run.
    private LinkedList<Waiter> _later = new(); // Waiters of the next run, unless the current one returns a value for them.
    private volatile Task<T>? _kept; // A completed task: the value or a kept failure.
    private Run? _run;
    private TaskCompletionSource<Task>? _disposal;

    /// <summary>Creates an object whose value does not exist yet.</summary>
    /// <param name="factory">The function that creates the value, on the thread pool. Its token is cancelled when the
    /// last waiter leaves and when this object is disposed.</param>
    /// <param name="options">Specifies how failures are handled; null for the defaults.</param>
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

    /// <summary>Whether the value exists. If it does, <see cref="GetAsync"/> returns a completed task.</summary>
    public bool IsCreated => _kept is { IsCompletedSuccessfully: true };

    /// <summary>Returns the value, and creates it if it does not exist.</summary>
    /// <param name="cancellationToken">Cancels this wait only. If the value exists, it is returned even if this token
    /// is cancelled. Otherwise, a token that is cancelled at the call starts nothing.</param>
    /// <returns>A task that completes with the value.</returns>
    /// <exception cref="OperationCanceledException">The task is cancelled with this if
    /// <paramref name="cancellationToken"/> is cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The task is faulted with this if this object is disposed.</exception>
    public ValueTask<T> GetAsync(CancellationToken cancellationToken = default) =>
        _kept is { } kept ? new ValueTask<T>(kept)
        : cancellationToken.IsCancellationRequested ? ValueTask.FromCanceled<T>(cancellationToken)
        : new ValueTask<T>(WaitAsync(cancellationToken).Unwrap());

    /// <summary>Returns the value if it exists. Does not run the factory.</summary>
    /// <param name="value">The value, or the default of its type.</param>
    /// <returns>true if the value exists; otherwise, false.</returns>
    public bool TryGet([MaybeNullWhen(false)] out T value)
    {
        var kept = _kept;
        var isCreated = kept is { IsCompletedSuccessfully: true };
        value = isCreated ? new ValueTask<T>(kept!).Completed() : default;
        return isCreated;
    }

    /// <summary>Forgets the value or the kept failure; the next call runs the factory again.</summary>
    /// <remarks>The old value is not disposed, since other code may be using it; dispose it yourself if necessary. A
    /// factory that is running still completes the waiters it has. If none is left, its value is disposed.</remarks>
    public void Reset()
    {
        lock (_lock)
        {
            _kept = null;
            _run?.IsForgotten = true;
        }
    }

    /// <summary>Cancels a running factory, waits for it and disposes the value, asynchronously if it supports that. A
    /// second call waits for the first.</summary>
    /// <returns>A task that completes when the factory and the disposal of the value have completed. It is faulted with
    /// the exception that disposing the value throws.</returns>
    public ValueTask DisposeAsync()
    {
        Task<T>? kept;
        TaskCompletionSource<Task<T>?>? lastRun;
        LinkedList<Waiter> refused;
        lock (_lock)
        {
            if (_disposal is not null)
            {
                return new ValueTask(_disposal.Task.Unwrap());
            }

            _disposal = AsyncEnvironment.NewCompletion<Task>();
            (kept, _kept) = (_kept, null);
            (refused, _later) = (_later, new());
            lastRun = _run?.CompletedForDisposal = AsyncEnvironment.NewCompletion<Task<T>?>();
            CancelRun();
        }

        foreach (var waiter in refused)
        {
            waiter.Complete(null);
        }

        AsyncEnvironment.Complete(_disposal, DisposeCoreAsync(kept, lastRun));
        return new ValueTask(_disposal.Task.Unwrap());
    }

    /// <summary>Returns a snapshot of the state for debugging.</summary>
    /// <returns>Whether the value exists, and the number of waiters.</returns>
    public override string ToString()
    {
        lock (_lock)
        {
            var state = _disposal is not null ? "disposed"
                : _kept is not null ? (IsCreated ? "created" : "failed")
                : _run is null ? "not created"
                : $"running, {_waiters.Count + _later.Count} waiting";
            return $"AsyncLazy<{typeof(T).Name}>: {state}";
        }
    }

    private static ObjectDisposedException Disposed() => new($"AsyncLazy<{typeof(T).Name}>");

    private static async Task DisposeValueAsync(Task<T> value) =>
        await Disposal.DisposeAsync(await value.NoContext()).NoContext();

    private static async Task DisposeCoreAsync(Task<T>? kept, TaskCompletionSource<Task<T>?>? lastRun)
    {
        var caller = CallerContext.Capture();
        if (lastRun is not null)
        {
            kept = await lastRun.Task.NoContext();
            await caller;
        }

        if (kept is { IsCompletedSuccessfully: true })
        {
            await DisposeValueAsync(kept).NoContext();
        }
    }

    /// <returns>The task of the outcome. Not the outcome itself: an exception that is thrown here, for each of many waiters
    /// that are cancelled at once, would take most of the time.</returns>
    private async Task<Task<T>> WaitAsync(CancellationToken cancellationToken)
    {
        var waiter = new Waiter(this);
        if (!TryJoin(waiter, out var kept))
        {
            return kept;
        }

        var registration = cancellationToken.UnsafeRegister(
            static one => ((Waiter)one!).Owner.Leave((Waiter)one), waiter);
        var outcome = await waiter.Completion.NoContext();
        _ = registration.Unregister();
        return outcome == Left ? TaskExceptions.From<T>(new OperationCanceledException(cancellationToken))
            : outcome ?? TaskExceptions.From<T>(Disposed());
    }

    /// <returns>False if a value or a kept failure exists by now, so that there is nothing to wait for.</returns>
    private bool TryJoin(Waiter waiter, [NotNullWhen(false)] out Task<T>? kept)
    {
        Run? toStart;
        lock (_lock)
        {
            if (_disposal is not null)
            {
                throw Disposed();
            }

            kept = _kept;
            if (kept is not null)
            {
                return false;
            }

            toStart = _run is null ? NewRun() : null;
            (_run is { Cancelling: null, IsForgotten: false } ? _waiters : _later).AddLast(waiter.Place);
        }

        Start(toStart);
        return true;
    }

    /// <summary>Called when the token of a waiter is cancelled.</summary>
    private void Leave(Waiter waiter)
    {
        lock (_lock)
        {
            var list = waiter.Place.List;
            if (list != _waiters && list != _later)
            {
                return; // The run has just completed it.
            }

            list.Remove(waiter.Place);
            if (_waiters.Count == 0)
            {
                CancelRun();
            }
        }

        waiter.Complete(Left); // The waiter creates its exception, on another thread than that of the cancellation.
    }

    /// <summary>Called under the lock. That is safe because no callback runs inside CancelAsync.</summary>
    private void CancelRun()
    {
        if (_run is { HasReturned: false, Cancelling: null } run)
        {
            run.Cancelling = AsyncEnvironment.CancelAsync(run.Source);
        }
    }

    /// <summary>Called under the lock; <see cref="Start"/> follows outside it.</summary>
    private Run NewRun()
    {
        LeakCounter.Begin();
        return _run = new Run();
    }

    private void Start(Run? run)
    {
        if (run is not null)
        {
            ThreadPoolWork.Queue(() => _ = RunAsync(run));
        }
    }

    private async Task RunAsync(Run run)
    {
        var outcome = CreateAsync(run.Source.Token);
        await outcome.NoThrow();
        Task? cancelling;
        lock (_lock)
        {
            run.HasReturned = true; // From here on, CancelRun leaves it alone.
            cancelling = run.Cancelling;
        }

        // An exception of a callback that the factory registered has no receiver: all waiters have left, or this object
        // is disposed.
        await (cancelling ?? Task.CompletedTask).NoThrow();
        if (!TryComplete(run, outcome, disposal: null))
        {
            var disposal = DisposeValueAsync(outcome);
            await disposal.NoThrow(); // Its exception has a receiver only if DisposeAsync waits for this run.
            _ = TryComplete(run, outcome, disposal);
        }
    }

    private async Task<T> CreateAsync(CancellationToken cancellationToken) =>
        await _factory(cancellationToken).NoContext();

    /// <summary>Completes the run and its waiters, and starts the next run if there are waiters for it.</summary>
    /// <returns>False if the value must be disposed first, because it has no receiver.</returns>
    private bool TryComplete(Run run, Task<T> outcome, Task? disposal)
    {
        Run? next = null;
        LinkedList<Waiter> waiters;
        LinkedList<Waiter>? joined = null;
        lock (_lock)
        {
            var isUnused = run.IsForgotten && _waiters.Count == 0 && _disposal is null;
            if (outcome.IsCompletedSuccessfully && isUnused && disposal is null)
            {
                return false;
            }

            _run = null;
            (waiters, _waiters) = (_waiters, new());
            if (!run.IsForgotten && _disposal is null
                && (outcome.IsCompletedSuccessfully || (_cacheFailures && run.Cancelling is null)))
            {
                _kept = outcome;
                (joined, _later) = (_later, new());
            }
            else if (_later.Count > 0)
            {
                next = NewRun();
                (_waiters, _later) = (_later, _waiters);
            }
        }

        run.Source.Dispose();
        LeakCounter.End();
        Start(next);
        var isFailure = outcome.Exception is { InnerException: { } failure } && !Cancellation.Is(failure);
        foreach (var waiter in waiters.Concat(joined ?? []))
        {
            waiter.Complete(run.CompletedForDisposal is null || isFailure ? outcome : null);
        }

        if (run.CompletedForDisposal is { } completed)
        {
            if (disposal is { IsCompletedSuccessfully: false })
            {
                AsyncEnvironment.Fail(completed, disposal.Exception?.InnerException ?? new TaskCanceledException(disposal));
            }
            else
            {
                AsyncEnvironment.Complete(completed, disposal is null ? outcome : null);
            }
        }

        return true;
    }

    /// <summary>A caller that waits for a run.</summary>
    private sealed class Waiter
    {
        private readonly TaskCompletionSource<Task<T>?> _completion = AsyncEnvironment.NewCompletion<Task<T>?>();

        public Waiter(AsyncLazy<T> owner)
        {
            Owner = owner;
            Place = new(this);
        }

        public AsyncLazy<T> Owner { get; }

        /// <summary>The place in the list of the waiters of a run. It makes leaving independent of their number.</summary>
        public LinkedListNode<Waiter> Place { get; }

        public Task<Task<T>?> Completion => _completion.Task;

        /// <summary>Called outside the lock. A null outcome means that the owner is disposed,
        /// and <see cref="Left"/> that the token of the waiter is cancelled.</summary>
        public void Complete(Task<T>? outcome) => AsyncEnvironment.Complete(_completion, outcome);
    }

    /// <summary>A run of the factory, until it and the callbacks on its token complete. Its members change under the
    /// lock.</summary>
#pragma warning disable CA1001 // TryComplete disposes the source.
    private sealed class Run
#pragma warning restore CA1001
    {
        public CancellationTokenSource Source { get; } = new();

        /// <summary>Cancels the factory's token; null until the last waiter has left.</summary>
        public Task? Cancelling { get; set; }

        /// <summary>Whether the factory has returned.</summary>
        public bool HasReturned { get; set; }

        /// <summary>Whether a reset came after the run started: its value is not kept.</summary>
        public bool IsForgotten { get; set; }

        /// <summary>Passes the value to the disposal that waits for this run.</summary>
        public TaskCompletionSource<Task<T>?>? CompletedForDisposal { get; set; }
    }
}
