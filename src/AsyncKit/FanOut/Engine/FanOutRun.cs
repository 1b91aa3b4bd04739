namespace AsyncKit;

/// <summary>
/// One fan-out from its start to its end: what its workers share. It has one hold for each worker and one while the
/// bodies' token is being cancelled; whoever lets go last finishes it, so it never ends before what it started.
/// </summary>
/// <typeparam name="T">The items.</typeparam>
/// <typeparam name="TResult">The results; <see cref="Unit"/> when the operation has none.</typeparam>
#pragma warning disable CA1001 // Its token source lives as long as the run, which disposes it when it finishes.
internal sealed partial class FanOutRun<T, TResult> : IThreadPoolWorkItem
#pragma warning restore CA1001
{
    private readonly TaskCompletionSource<Task<TResult[]>> _end = AsyncEnvironment.NewCompletion<Task<TResult[]>>();

    private readonly CancellationTokenSource _operations = new();
    private readonly CancellationToken _callerToken;
    private readonly FanOutSink<T, TResult>? _sink;
    private readonly FanOutOptions _options;
    private readonly TimeProvider? _clock;
    private readonly FanOutObserver<T>? _observer;
    private readonly bool _isDecorated;
    private readonly int _maxConcurrency;
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
        if (options.Partition is { } partition)
        {
            pulled = partition.Around(pulled ?? new IndexedSourceAdapter<T>(indexed!), options.MaxConcurrency, MustStop);
            indexed = null;
        }

        Indexed = indexed;
        Pulled = pulled;
        _options = options;
        _observer = FanOutObserver<T>.TryCreate(
            options, () => Indexed?.Count ?? Pulled!.CountHint, OnSourceFailed);
        _isDecorated = options.IsDecorated;
        _clock = _isDecorated || sink is { WantsDuration: true } || _observer is { NeedsDurations: true }
            ? AsyncEnvironment.Clock(options.TimeProvider)
            : null;
        Operation = _isDecorated
            ? new ItemPipeline<T, TResult>(this, operation, options, _clock!).Decorated
            : operation;
        Context = _observer is null ? ExecutionContext.Capture() : _observer.CaptureContext();
        Token = _operations.Token;
        _callerToken = callerToken;
        _sink = sink;
        Failures = new FailureRecord(options.OnFailure, callerToken);
        _maxConcurrency = options.MaxConcurrency;
        _results = indexed is not null && operation.HasResult && sink is null ? new ResultBuffer<TResult>(indexed.Count) : null;
    }

    public FailureRecord Failures { get; }

    /// <summary>Null when the source is <see cref="Pulled"/>.</summary>
    public IndexedSource<T>? Indexed { get; }

    /// <summary>Null when the source is <see cref="Indexed"/>.</summary>
    public PulledSource<T>? Pulled { get; }

    public Operation<T, TResult> Operation { get; }

    /// <summary>The caller's context at the call; null when its flow was suppressed.</summary>
    public ExecutionContext? Context { get; }

    /// <summary>What the bodies and an async source see: cancelled when the run stops early.</summary>
    public CancellationToken Token { get; }

    public int StartedWorkers => Volatile.Read(ref _startedWorkers);

    public bool MayStartWorker => _startedWorkers < _maxConcurrency;

    public Task<TResult[]> RunAsync()
    {
        LeakCounter.Begin();
        _refCount = 1; // The first worker's. Taken before the registration, whose callback may come at once.
        _observer?.BeginRun();
        _callerRegistration = _callerToken.UnsafeRegister(
            static run => ((FanOutRun<T, TResult>)run!).OnCallerCancelled(), this);
        QueueWorker();
        return _end.Task.Unwrap();
    }

    /// <summary>
    /// Only for whoever is entitled to start the next worker: the last one started, or who got true from
    /// <see cref="EnumeratorLock.Release"/>. So there is one at a time, and the count needs no interlock.
    /// </summary>
    public void StartWorker()
    {
        Interlocked.Increment(ref _refCount);
        QueueWorker();
    }

    /// <summary>
    /// True when nothing new may be pulled or started. Looks at the caller's token too: callbacks run in turn, and ours
    /// may be the last.
    /// </summary>
    public bool MustStop()
    {
        if (!_isStopping && _callerToken.IsCancellationRequested)
        {
            OnCallerCancelled();
            return true;
        }

        return _isStopping;
    }

    /// <summary>Nobody wants the rest: stops as if the caller had cancelled.</summary>
    public void Abandon() => OnCallerCancelled();

    public void OnPullFailed(Exception exception)
    {
        if (MustStop())
        {
            MarkIncomplete(); // Nobody knows what would have come.
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

    /// <summary>Must be the very last thing that the holder does.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _refCount) > 0)
        {
            return;
        }

        if (_isStopping || !AsyncEnvironment.IsOnPool)
        {
            AsyncEnvironment.Queue(this); // This may be inside the caller's Cancel or on its thread, where no user code may run.
        }
        else
        {
            _ = FinishAsync();
        }
    }

    /// <summary>Finishes on the pool, in the caller's context.</summary>
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

    /// <summary>Ours or the caller's, in contrast to a foreign one, which is a failure like any other.</summary>
    private bool IsCancellation(Exception exception) =>
        (Token.IsCancellationRequested || _callerToken.IsCancellationRequested)
        && Cancellation.Is(exception);

    private void OnCancelled()
    {
        MarkIncomplete();
        if (_callerToken.IsCancellationRequested)
        {
            OnCallerCancelled(); // A body may see the caller's token before our callback does.
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
        Pulled?.Stop();
        _ = CancelOperationsAsync();
    }

    private async Task CancelOperationsAsync()
    {
        if (!TryAddRef())
        {
            return; // The caller cancelled a run that has just ended.
        }

        try
        {
            await AsyncEnvironment.CancelAsync(_operations).NoContext();
        }
        catch (Exception exception)
        {
            // A user's cancellation callbacks may throw anything; all of it is reported, but the cancellation itself.
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
        var references = Volatile.Read(ref _refCount);
        while (references > 0)
        {
            var seen = Interlocked.CompareExchange(ref _refCount, references + 1, references);
            if (seen == references)
            {
                return true;
            }

            references = seen;
        }

        return false;
    }

    private async Task FinishAsync()
    {
        _ = _callerRegistration.Unregister();
        try
        {
            if (Pulled is not null)
            {
                await Pulled.DisposeAsync().NoContext();
            }
        }
        catch (Exception exception)
        {
            // What a user's Dispose throws is reported as the source's failure.
            OnSourceFailed(exception);
        }

        try
        {
            if (_observer is not null)
            {
                await _observer.FinishProgressAsync().NoContext();
            }
        }
        catch (Exception exception)
        {
            // The receiver is the user's too.
            OnSourceFailed(exception);
        }

        _operations.Dispose();
        LeakCounter.End();
        AsyncEnvironment.Complete(_end, OutcomeAsync()); // The very last thing: from here on the caller goes on.
    }

    private Task<TResult[]> OutcomeAsync()
    {
        try
        {
            var (cancelled, faults) = Failures.Conclude();
            _observer?.EndRun(
                cancelled is not null ? FanOutOutcomeKind.Cancelled
                : faults.Count > 0 ? FanOutOutcomeKind.Failed : FanOutOutcomeKind.Succeeded,
                faults is [var first, ..] ? first : cancelled);
            return TaskExceptions.TryFrom<TResult[]>((cancelled, faults), out var unsuccessful)
                ? unsuccessful
                : Task.FromResult(_results?.ToArray(Indexed?.Count ?? (int)Pulled!.Pulled) ?? []);
        }
        catch (Exception exception)
        {
            // Out of memory, most likely: the run must end all the same.
            return Task.FromException<TResult[]>(exception);
        }
    }
}
