namespace AsyncKit;

/// <summary>The state that the workers of one fan-out share, from the call to the completed task.</summary>
/// <typeparam name="T">The type of the items.</typeparam>
/// <typeparam name="TResult">The type of the results; <see cref="Unit"/> if the operation returns none.</typeparam>
/// <remarks>
/// Lifetime: a reference count. Each worker holds a reference, and so does cancelling a token of the run, until its
/// callbacks return. The last <see cref="Release"/> disposes the source and completes the task. So the task never
/// completes while anything the run started is still running.
/// <para>
/// Invariants:
/// (1) Only one worker at a time may start the next, so <c>_startedWorkers</c> is written without interlocked access.
/// (2) The first reference is taken before the caller's token is registered, since the callback may run at once.
/// (3) A run that was stopped or drained finishes on the thread pool, never inside the caller's Cancel().
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
    private readonly FanOutDrain? _drain;
    private readonly PulledSource<T>? _tracked; // Null if the source does not track its items.
    private readonly ItemPipeline<T, TResult>? _pipeline;
    private CancellationTokenRegistration _callerRegistration;
    private CancellationTokenRegistration _drainRegistration;
    private ResultBuffer<TResult>? _results;
    private int _startedWorkers;
    private int _refCount;
    private long _cancelledItems;
    private (long Index, T Item)? _unstarted;
    private bool _isAbandoned;
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
        _callerToken = callerToken;
        _sink = sink;
        _drain = FanOutDrain.TryCreate(options.DrainToken);
        var onFailure = options.OnFailure ?? sink?.DefaultOnFailure ?? FailureMode.StopAtFirst;
        if (options.Partition is { } partition)
        {
            Keys = partition.SchedulerOf<T>(options, MustStop, OnLimiterFailed);
            (indexed, pulled) = (null, pulled ?? indexed!.AsPulled());
        }

        // The drain is inside: an item that waits for its key left the source, so it still runs.
        pulled = _drain is null ? pulled : pulled?.DrainedBy(_drain);
        pulled = Keys is null ? pulled : Keys.Schedule(pulled!);
        Indexed = indexed;
        Pulled = pulled;
        _tracked = pulled is { TracksItems: true } ? pulled : null;
        _observer = FanOutObserver<T>.TryCreate(
            options, onFailure, () => Indexed?.Count ?? Pulled!.CountHint, OnSourceFailed);
        _clock = options.IsDecorated || sink is { NeedsDuration: true } || _observer is { NeedsDurations: true }
            ? AsyncEnvironment.Clock(options.TimeProvider)
            : null;
        _pipeline = options.IsDecorated ? new(this, operation, options, _clock!) : null;
        Operation = _pipeline?.Decorated ?? operation;
        Context = _observer is null ? ExecutionContext.Capture() : _observer.CaptureContext();
        Token = _operations.Token;
        Failures = new FailureRecord(onFailure == FailureMode.StopAtFirst, callerToken)
        {
            KeepsItemFailures = sink is not { HasFailures: true },
            Annotate = static failure =>
                failure.Exception.Data[FanOut.IndexDataKey] = ItemState.ShownIndex(failure.Index),
            Combine = static (failures, failedItems) => new FanOutException(
                [
                    .. failures.Where(one => one.IsOfItem)
                        .Select(one => new FanOutFailure(ItemState.ShownIndex(one.Index), one.Item, one.Exception)),
                ],
                failures.Select(one => one.Exception),
                failedItems),
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

    /// <summary>The token for the operations, and for an async source unless the run can be drained: cancelled when the
    /// run stops early.</summary>
    public CancellationToken Token { get; }

    /// <summary>The clock of the run, for rare measurements.</summary>
    public TimeProvider Clock => AsyncEnvironment.Clock(_options.TimeProvider);

    public string? Name => _options.Name;

    /// <summary>Whether the drain ended the run and may have left items in the source. Valid after the run.</summary>
    public bool IsDrained => _drain is { HasEndedSource: true }
        && (Indexed is not null ? Indexed.HasMore : Pulled!.CountHint != Pulled.Pulled);

    /// <summary>The items that were pulled and not started, in no particular order. Valid after the run.</summary>
    public IEnumerable<(long Index, T Item)> NotStarted
    {
        get
        {
            var parked = Keys?.NotStarted ?? [];
            return _unstarted is { } unstarted ? parked.Append(unstarted) : parked;
        }
    }

    public int StartedWorkers => Volatile.Read(ref _startedWorkers);

    public bool MayStartWorker => _startedWorkers < _options.MaxConcurrency;

    public Task<TResult[]> RunAsync()
    {
        LeakCounter.Begin();
        _refCount = 1; // The first worker's. Before the registration, whose callback may run at once.
        _observer?.BeginRun();
        _callerRegistration = _callerToken.UnsafeRegister(
            static run => ((FanOutRun<T, TResult>)run!).OnCallerCancelled(), this);
        if (_drain is not null)
        {
            _drainRegistration = _options.DrainToken.UnsafeRegister(
                static run => ((FanOutRun<T, TResult>)run!).OnDrained(), this);
        }

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

    /// <summary>Returns true if no item may be claimed because the run drains. The items that were claimed are still
    /// run.</summary>
    public bool MustDrain() => _drain is not null && _drain.MustEndSource();

    /// <summary>Stops the run as a cancellation by the caller does, for a reader that stops early.</summary>
    public void Abandon()
    {
        _isAbandoned = true;
        OnCallerCancelled();
    }

    /// <summary>Keeps an item that the source yielded although the run was stopped. It left the source, so a report must
    /// contain it. An item of a queue has not left it before it is taken.</summary>
    public void KeepUnstarted(PulledSource<T> pulled)
    {
        if (_tracked is not null)
        {
            return;
        }

        var item = pulled.Take(out var index);
        _unstarted = (index, item);
    }

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
        if (_pipeline is null)
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
        else if (_sink.Put(index, item, FanOutOutcomeKind.Succeeded, result, null, state))
        {
            return;
        }

        EndItem();
    }

    /// <summary>Records the success of an operation without a result.</summary>
    public void OnItemSucceeded(long index, T item, ItemState? state)
    {
        OnItemEnded(state);
        if (_sink?.Put(index, item, FanOutOutcomeKind.Succeeded, default!, null, state) != true)
        {
            EndItem();
        }
    }

    /// <summary>Records that the reader of a stream has requested the value after that of an item.</summary>
    public void OnItemRead() => EndItem();

    public void OnItemFailed(long index, T item, Exception exception, ItemState? state)
    {
        if (!RecordFailure(index, item, exception, state))
        {
            EndItem(); // Must be last: it checks whether the failure stopped the run.
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

    private void OnLimiterFailed(Exception exception)
    {
        OnSourceFailed(exception);
        _sink?.Stop(); // Even if the other items run to their end, none starts, so the source must not wait for the reader.
    }

    private void QueueWorker()
    {
        LeakCounter.Begin();
        _startedWorkers++;
        AsyncEnvironment.Queue(new FanOutWorker<T, TResult>(this));
    }

    /// <returns>True if the reader of a stream gets the outcome.</returns>
    private bool RecordFailure(long index, T item, Exception exception, ItemState? state)
    {
        if (IsCancellation(exception))
        {
            OnCancelled();
            if (exception is not CanceledWithFailureException { InnerException: { } failure })
            {
                Interlocked.Increment(ref _cancelledItems);
                var isStarted = state is not { IsStarted: false };
                var kind = isStarted ? FanOutOutcomeKind.Cancelled : FanOutOutcomeKind.NotStarted;
                OnItemEnded(state, kind, exception);
                var isCancellationRead =
                    _sink?.Put(index, item, kind, default!, isStarted ? exception : null, state) == true;
                if (state?.DisposeException is { } ofResource)
                {
                    OnDiscardFailed(exception, ofResource);
                }

                return isCancellationRead;
            }

            exception = failure; // A fan-out inside the item failed before it was cancelled.
        }

        OnItemEnded(state, FanOutOutcomeKind.Failed, exception);
        var isRead = _sink?.Put(index, item, FanOutOutcomeKind.Failed, default!, exception, state) == true;
        if (Failures.AddItemFailure(index, item, exception))
        {
            Stop();
        }

        return isRead;
    }

    /// <summary>Reports the end of an item to a source that tracks its items. A run that stops does not end its
    /// source.</summary>
    private void EndItem()
    {
        if (_tracked is not null && !Failures.IsStopped)
        {
            _tracked.OnItemEnded();
        }
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
        _ = CancelAsync(_operations);
        if (_drain is not null)
        {
            _ = CancelAsync(_drain.Source);
        }
    }

    /// <summary>Wakes the worker that waits for the source or, in a stream, for the reader. The workers themselves check
    /// the token before they take an item.</summary>
    private void OnDrained()
    {
        _isStopping = true; // This may be inside the signaller's Cancel(), so the run must finish elsewhere.
        _sink?.Stop();
        _ = CancelAsync(_drain!.Source);
    }

    private async Task CancelAsync(CancellationTokenSource source)
    {
        if (!TryAddRef())
        {
            return; // The run just finished.
        }

        try
        {
            await AsyncEnvironment.CancelAsync(source).NoContext();
        }
        catch (Exception exception)
        {
            // User-supplied callbacks may throw anything; all of it is reported, except for the cancellation itself.
            var thrown = exception is AggregateException all ? all.InnerExceptions : new([exception]);
            foreach (var one in thrown.Where(one => !IsCancellation(one)))
            {
                if (Failures.AddRunFailure(one))
                {
                    Stop(); // A callback on the source's token failed during a drain.
                }
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
        _ = _drainRegistration.Unregister();
        _pipeline?.End();
        try
        {
            await (Pulled?.DisposeAsync() ?? default).NoContext();
        }
        catch (Exception exception)
        {
            OnSourceFailed(exception); // An exception from a user-supplied Dispose is a failure of the source.
        }

        CallerContext.RestoreFlow(Context); // The receiver of the progress must not see what the source set.
        try
        {
            await (_observer?.FinishProgressAsync() ?? default).NoContext();
        }
        catch (Exception exception)
        {
            OnSourceFailed(exception); // The progress receiver is user code too.
        }

        _operations.Dispose();
        _drain?.Dispose();
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
            var cause = faults is [var first, ..] ? first : cancelled;
            _observer?.EndRun(kind, cause);
            if (!_isAbandoned && (cancelled is not null || Cancellation.IsPlain(cause)))
            {
                UnfinishedWork.Report(_cancelledItems + NotStarted.Count());
            }

            return TaskExceptions.TryFrom<TResult[]>((cancelled, faults), out var unsuccessful)
                ? unsuccessful
                : Task.FromResult(_results?.ToArray(Indexed?.Claimed ?? (int)Pulled!.Pulled) ?? []);
        }
        catch (Exception exception)
        {
            return Task.FromException<TResult[]>(exception); // Likely out of memory: the run must complete.
        }
    }
}
