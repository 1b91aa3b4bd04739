namespace AsyncKit;

/// <summary>The state that the workers of one fan-out share, from the call to the completed task.</summary>
/// <typeparam name="T">The type of the items.</typeparam>
/// <typeparam name="TResult">The type of the results; <see cref="Unit"/> if the operation returns none.</typeparam>
/// <remarks>
/// Lifetime: a reference count. Each worker holds a reference, and so does cancelling the operations' token, until its
/// callbacks return. The last <see cref="Release"/> disposes the source and completes the task. So the task never
/// completes while anything the run started is still running.
/// <para>
/// Invariants:
/// (1) Only one worker at a time may start the next, so <c>_startedWorkers</c> is written without interlocked access.
/// (2) The first reference is taken before the caller's token is registered, since the callback may run at once.
/// (3) A run that was stopped finishes on the thread pool, never inside the caller's Cancel().
/// (4) Completing the task is the very last step. The caller continues from there.
/// </para>
/// </remarks>
#pragma warning disable CA1001 // The token source lives as long as the run, which disposes it when it finishes.
internal sealed class FanOutRun<T, TResult> : IThreadPoolWorkItem
#pragma warning restore CA1001
{
    private readonly TaskCompletionSource<Task<TResult[]>> _completion =
        AsyncEnvironment.NewCompletion<Task<TResult[]>>();

    private readonly CancellationTokenSource _operations = new();
    private readonly CancellationToken _callerToken;
    private readonly FanOutSink<T, TResult>? _sink;
    private readonly FanOutOptions _options;
    private readonly TimeProvider? _clock;
    private readonly FanOutObserver<T>? _observer;
    private readonly bool _isDecorated;
    private CancellationTokenRegistration _callerRegistration;
    private ResultBuffer<TResult>? _results;
    private int _startedWorkers;
    private int _refCount;
    private volatile bool _isStopping;

    public FanOutRun(
        IndexedSource<T>? indexed,
        PulledSource<T>? pulled,
        Operation<T, TResult> operation,
        FanOutOptions options,
        CancellationToken callerToken,
        FanOutSink<T, TResult>? sink = null)
    {
        _options = options;
        _isDecorated = options.IsDecorated;
        _callerToken = callerToken;
        _sink = sink;
        if (options.Partition is { } partition)
        {
            Keys = partition.CreateScheduler<T>(options.MaxConcurrency, MustStop);
            (indexed, pulled) = (null, pulled ?? indexed!.AsPulled());
        }

        Indexed = indexed;
        Pulled = pulled;
        _observer = FanOutObserver<T>.TryCreate(options, () => Indexed?.Count ?? Pulled!.CountHint, OnSourceFailed);
        _clock = _isDecorated || sink is { NeedsDuration: true } || _observer is { NeedsDurations: true }
            ? AsyncEnvironment.Clock(options.TimeProvider)
            : null;
        Operation = _isDecorated
            ? new ItemPipeline<T, TResult>(this, operation, options, _clock!).Decorated
            : operation;
        Context = _observer is null ? ExecutionContext.Capture() : _observer.CaptureContext();
        Token = _operations.Token;
        Failures = new FailureRecord(options.OnFailure == FailureMode.StopAtFirst, callerToken)
        {
            Annotate = static failure =>
                failure.Exception.Data[FanOut.IndexDataKey] = ItemState.ShownIndex(failure.Index),
            Combine = static failures => new FanOutException(
                [
                    .. failures.Where(one => one.IsOfItem)
                        .Select(one => new FanOutFailure(ItemState.ShownIndex(one.Index), one.Item, one.Exception)),
                ],
                failures.Select(one => one.Exception)),
        };
        if (indexed is not null && operation.HasResult && sink is null)
        {
            _results = new ResultBuffer<TResult>(indexed.Count);
        }
    }

    public FailureRecord Failures { get; }

    /// <summary>Null if the source is <see cref="Pulled"/>.</summary>
    public IndexedSource<T>? Indexed { get; }

    /// <summary>Null if the source is <see cref="Indexed"/>.</summary>
    public PulledSource<T>? Pulled { get; }

    /// <summary>Null if the options have no partition; otherwise, the source is <see cref="Pulled"/>.</summary>
    public KeyScheduler<T>? Keys { get; }

    public Operation<T, TResult> Operation { get; }

    /// <summary>The caller's context at the call; null if its flow was suppressed.</summary>
    public ExecutionContext? Context { get; }

    /// <summary>The token for the operations and an async source: cancelled when the run stops early.</summary>
    public CancellationToken Token { get; }

    /// <summary>The clock of the run, for rare measurements.</summary>
    public TimeProvider Clock => AsyncEnvironment.Clock(_options.TimeProvider);

    public string? Name => _options.Name;

    public int StartedWorkers => Volatile.Read(ref _startedWorkers);

    public bool MayStartWorker => _startedWorkers < _options.MaxConcurrency;

    public Task<TResult[]> RunAsync()
    {
        LeakCounter.Begin();
        _refCount = 1; // The first worker's. Before the registration, whose callback may run at once.
        _observer?.BeginRun();
        _callerRegistration = _callerToken.UnsafeRegister(
            static run => ((FanOutRun<T, TResult>)run!).OnCallerCancelled(), this);
        QueueWorker();
        return _completion.Task.Unwrap();
    }

    /// <summary>Starts a worker. Only the last worker that was started, or the one that got true from
    /// <see cref="EnumeratorLock.Release"/>, may call it.</summary>
    public void StartWorker()
    {
        Interlocked.Increment(ref _refCount);
        QueueWorker();
    }

    /// <summary>Returns true if no item may be pulled or started any more.</summary>
    /// <remarks>Checks the caller's token too: its callbacks run in turn, and the one of this run may be the
    /// last.</remarks>
    public bool MustStop()
    {
        if (Failures.IsStopped)
        {
            return true; // Recorded; the thread that recorded it may not have stopped the run yet.
        }

        if (!_callerToken.IsCancellationRequested)
        {
            return false;
        }

        OnCallerCancelled();
        return true;
    }

    /// <summary>Stops the run as a cancellation by the caller does, for a reader that stops early.</summary>
    public void Abandon() => OnCallerCancelled();

    public void OnPullFailed(Exception exception)
    {
        if (MustStop())
        {
            MarkIncomplete(); // The source may have had more items.
        }

        OnSourceFailed(exception);
    }

    public void OnSourceFailed(Exception exception)
    {
        if (IsCancellation(exception))
        {
            OnCancelled();
        }
        else if (Failures.AddRunFailure(exception))
        {
            Stop();
        }
    }

    /// <summary>Releases a reference. Must be the very last call of its holder.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _refCount) > 0)
        {
            return;
        }

        if (_isStopping || !AsyncEnvironment.IsOnPool)
        {
            AsyncEnvironment.Queue(this); // This may be inside the caller's Cancel(), where no user code may run.
        }
        else
        {
            _ = FinishAsync();
        }
    }

    /// <summary>Creates the result buffer. Called by the holder of the enumerator lock, which pulled the first
    /// item.</summary>
    public void PrepareResults(int? expected)
    {
        if (_results is null && Operation.HasResult && _sink is null)
        {
            _results = new ResultBuffer<TResult>(expected);
        }
    }

    /// <summary>Returns a new state for a worker; null if nothing needs one.</summary>
    public ItemState? NewItemState() => _observer is not null || Operation.NeedsState || _sink is { NeedsDuration: true }
        ? new ItemState(_clock)
        : null;

    public void OnItemTaken(long index, T item, ItemState state)
    {
        state.Take(index);
        if (!_isDecorated)
        {
            OnItemStarting(item, state);
            state.Attempts = 1;
        }
    }

    /// <summary>Records that the operation is called next. A decorated operation calls it itself, after its
    /// waits.</summary>
    public void OnItemStarting(T item, ItemState state)
    {
        state.Start();
        _observer?.OnStarted(item, state);
    }

    public void OnItemWaited(TimeSpan wait) => _observer?.OnWaited(wait);

    public void OnItemRetried() => _observer?.OnRetry();

    public void OnItemSucceeded(long index, T item, TResult result, ItemState? state)
    {
        OnItemEnded(state);
        if (_sink is null)
        {
            _results!.Store((int)index, result);
        }
        else
        {
            _sink.Put(index, item, FanOutOutcomeKind.Succeeded, result, null, state);
        }
    }

    /// <summary>Records the success of an operation without a result.</summary>
    public void OnItemSucceeded(long index, T item, ItemState? state)
    {
        OnItemEnded(state);
        _sink?.Put(index, item, FanOutOutcomeKind.Succeeded, default!, null, state);
    }

    public void OnItemFailed(long index, T item, Exception exception, ItemState? state)
    {
        if (IsCancellation(exception))
        {
            OnCancelled();
            if (exception is not CanceledWithFailureException { InnerException: { } failure })
            {
                var isStarted = state is not { IsStarted: false };
                var kind = isStarted ? FanOutOutcomeKind.Cancelled : FanOutOutcomeKind.NotStarted;
                OnItemEnded(state, kind, exception);
                _sink?.Put(index, item, kind, default!, isStarted ? exception : null, state);
                if (state?.DisposeException is { } ofResource)
                {
                    OnDiscardFailed(exception, ofResource);
                }

                return;
            }

            exception = failure; // A fan-out inside the item failed before it was cancelled.
        }

        OnItemEnded(state, FanOutOutcomeKind.Failed, exception);
        _sink?.Put(index, item, FanOutOutcomeKind.Failed, default!, exception, state);
        if (Failures.AddItemFailure(index, item, exception))
        {
            Stop();
        }
    }

    /// <summary>Records the exception from disposing the resource of a cancelled item. The exception of a failed item
    /// carries it; a cancellation is not reported.</summary>
    public void OnDiscardFailed(Exception ofItem, Exception ofResource)
    {
        if (IsCancellation(ofItem))
        {
            OnSourceFailed(ofResource);
        }
    }

    /// <summary>Records that an item did not run, or is not known to have succeeded, when the run was
    /// stopped.</summary>
    public void MarkIncomplete() => Failures.MarkIncomplete();

    /// <summary>Finishes on the thread pool, in the caller's context.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        if (Context is null)
        {
            _ = FinishAsync();
        }
        else
        {
            ExecutionContext.Run(Context, static run => _ = ((FanOutRun<T, TResult>)run!).FinishAsync(), this);
        }
    }

    private void QueueWorker()
    {
        LeakCounter.Begin();
        _startedWorkers++;
        AsyncEnvironment.Queue(new FanOutWorker<T, TResult>(this));
    }

    private void OnItemEnded(ItemState? state)
    {
        if (state is not null)
        {
            state.End();
            _observer?.OnEnded(FanOutOutcomeKind.Succeeded, state, null);
        }
    }

    private void OnItemEnded(ItemState? state, FanOutOutcomeKind kind, Exception exception)
    {
        if (state is null)
        {
            return;
        }

        state.EndFailed();
        try
        {
            _observer?.OnEnded(kind, state, exception);
        }
        catch (Exception)
        {
            // A listener or the log threw; the item's own exception is reported.
        }
    }

    /// <summary>Returns true for a cancellation by the run or by the caller. Any other one is a failure.</summary>
    private bool IsCancellation(Exception exception) =>
        (Token.IsCancellationRequested || _callerToken.IsCancellationRequested)
        && Cancellation.Is(exception);

    private void OnCancelled()
    {
        MarkIncomplete();
        if (_callerToken.IsCancellationRequested)
        {
            OnCallerCancelled(); // An operation may see the caller's token before the callback of this run does.
        }
    }

    private void OnCallerCancelled()
    {
        if (Failures.AddCancellation())
        {
            Stop();
        }
    }

    private void Stop()
    {
        _isStopping = true;
        _sink?.Stop();
        Keys?.Stop();
        _ = CancelOperationsAsync();
    }

    private async Task CancelOperationsAsync()
    {
        if (!TryAddRef())
        {
            return; // The caller cancelled a run that just finished.
        }

        try
        {
            await AsyncEnvironment.CancelAsync(_operations).NoContext();
        }
        catch (Exception exception)
        {
            // User-supplied callbacks may throw anything; all of it is reported, except for the cancellation itself.
            var thrown = exception is AggregateException all ? all.InnerExceptions : new([exception]);
            foreach (var one in thrown.Where(one => !IsCancellation(one)))
            {
                _ = Failures.AddRunFailure(one);
            }
        }

        Release();
    }

    private bool TryAddRef()
    {
        int references;
        do
        {
            references = Volatile.Read(ref _refCount);
            if (references == 0)
            {
                return false;
            }
        }
        while (Interlocked.CompareExchange(ref _refCount, references + 1, references) != references);

        return true;
    }

    private async Task FinishAsync()
    {
        _ = _callerRegistration.Unregister();
        try
        {
            await (Pulled?.DisposeAsync() ?? default).NoContext();
        }
        catch (Exception exception)
        {
            OnSourceFailed(exception); // An exception from a user-supplied Dispose is a failure of the source.
        }

        try
        {
            await (_observer?.FinishProgressAsync() ?? default).NoContext();
        }
        catch (Exception exception)
        {
            OnSourceFailed(exception); // The progress receiver is user code too.
        }

        _operations.Dispose();
        LeakCounter.End();
        AsyncEnvironment.Complete(_completion, ConcludeAsync()); // Must be last: the caller continues here.
    }

    private Task<TResult[]> ConcludeAsync()
    {
        try
        {
            var (cancelled, faults) = Failures.Conclude();
            var kind = cancelled is not null ? FanOutOutcomeKind.Cancelled
                : faults.Count > 0 ? FanOutOutcomeKind.Failed
                : FanOutOutcomeKind.Succeeded;
            _observer?.EndRun(kind, faults is [var first, ..] ? first : cancelled);
            return TaskExceptions.TryFrom<TResult[]>((cancelled, faults), out var unsuccessful)
                ? unsuccessful
                : Task.FromResult(_results?.ToArray(Indexed?.Count ?? (int)Pulled!.Pulled) ?? []);
        }
        catch (Exception exception)
        {
            return Task.FromException<TResult[]>(exception); // Likely out of memory: the run must complete.
        }
    }
}
