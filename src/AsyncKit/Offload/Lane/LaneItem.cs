namespace AsyncKit;

/// <summary>A work item of a lane. Its state decides which thread completes its task.</summary>
/// <remarks>
/// Lifetime: from the call until its thread has completed the task, or dropped the outcome of abandoned work.
/// <para>
/// Invariants:
/// (1) The state only moves forward, by compare-and-swap: Pending to Running or Detached; Running to Finished, Detached
/// or Interrupting; Interrupting to Interrupted; Interrupted to Finished.
/// (2) The task is completed once: by the thread that moves the item to Detached, or by the lane's thread, which moves
/// it to Finished.
/// (3) Thread.Interrupt is called in Interrupting only, and the lane's thread keeps the item while that state lasts. So
/// an interrupt hits this item or none: the thread consumes an interrupt that the work did not.
/// (4) The engine's links and counts change only under the engine's lock.
/// </para>
/// </remarks>
internal abstract class LaneItem(LaneEngine engine, OnCancel onCancel, CancellationToken token)
{
    private const int Pending = 0;
    private const int Running = 1;
    private const int Interrupting = 2;
    private const int Interrupted = 3;
    private const int Finished = 4;
    private const int Detached = 5;

    private readonly long _calledAt = LaneMetrics.Now(engine); // Zero if the wait is not measured.
    private int _state;
    private bool _wasInterrupted;
    private Thread? _thread;
    private Exception? _exception;
    private CancellationTokenRegistration _registration;

    /// <summary>The context of the caller; null if the caller suppresses its flow.</summary>
    public ExecutionContext? Context { get; } = ExecutionContext.Capture();

    public LaneEngine Engine => engine;

    /// <summary>True until the work starts or the caller is gone.</summary>
    public bool IsPending => Volatile.Read(ref _state) == Pending;

    // For the engine, under its lock.
    public LaneItem? Next { get; set; }

    public LaneItem? Previous { get; set; }

    public bool HasThread { get; set; }

    /// <summary>Cleanup work: closing the lane does not cancel it.</summary>
    public bool MustRun { get; set; }

    /// <summary>The item of the same lane that made this call, until it or this item finishes.</summary>
    public LaneItem? Parent { get; set; }

    /// <summary>The number of this item's calls on the same lane that have not finished.</summary>
    public int Children { get; set; }

    protected CancellationToken Token => token;

    /// <summary>Must run before the item is enqueued and after it is constructed: the callback may run at
    /// once.</summary>
    public void RegisterToken()
    {
        if (token.CanBeCanceled)
        {
            _registration = token.UnsafeRegister(static item => ((LaneItem)item!).OnCancelled(), this);
        }
    }

    /// <summary>Runs the work on the current thread, unless it was cancelled. Never throws.</summary>
    public void Run()
    {
        _thread = Thread.CurrentThread;
        ConsumeInterrupts();
        if (!TryMove(Pending, Running))
        {
            return;
        }

        LaneMetrics.Waited(engine, _calledAt);
        try
        {
            Invoke();
        }
        catch (Exception exception)
        {
            _exception = exception;
        }

        _wasInterrupted = Interlocked.CompareExchange(ref _state, Finished, Running) is Interrupting or Interrupted;
        ConsumeInterrupts();
        if (_wasInterrupted)
        {
            Volatile.Write(ref _state, Finished);
        }
    }

    /// <summary>Completes the task. The thread calls this after <see cref="Run"/>, when it is free for other
    /// work.</summary>
    public void Complete()
    {
        _ = _registration.Unregister(); // Does not wait for a running callback, which finds a final state and returns.
        var isDetached = Volatile.Read(ref _state) == Detached;
        switch (_exception)
        {
            case null or OperationCanceledException when isDetached:
                break;
            case not null when isDetached:
                LogFailure(_exception);
                break;
            case null:
                Succeed();
                break;
            case OperationCanceledException when token.IsCancellationRequested:
            case ThreadInterruptedException when _wasInterrupted:
                Cancel(token);
                break;
            default:
                Fail(_exception);
                break;
        }
    }

    /// <summary>Fails the task of work that has not started.</summary>
    public void Refuse(Exception exception)
    {
        if (TryMove(Pending, Detached))
        {
            _ = _registration.Unregister();
            Fail(exception);
        }
    }

    /// <summary>Cancels the task of work that has not started, because the lane is disposed.</summary>
    public void CancelWithLane()
    {
        if (TryMove(Pending, Detached))
        {
            _ = _registration.Unregister();
            Cancel(new CancellationToken(canceled: true));
        }
    }

    /// <summary>Runs the work and keeps its result.</summary>
    protected abstract void Invoke();

    protected abstract void Succeed();

    protected abstract void Fail(Exception exception);

    protected abstract void Cancel(CancellationToken cancellationToken);

    private bool TryMove(int from, int to) => Interlocked.CompareExchange(ref _state, to, from) == from;

    private void LogFailure(Exception exception)
    {
        if (engine.Options.Logger is not { } logger)
        {
            return;
        }

        try
        {
            Log.AbandonedWorkFailed(logger, engine.Options.Name, exception);
        }
        catch (Exception)
        {
            // A logger that throws must not end the lane's thread, and with it the process.
        }
    }

    private void OnCancelled()
    {
        if (TryMove(Pending, Detached))
        {
            engine.Remove(this);
            Cancel(token);
        }
        else if (onCancel == OnCancel.Abandon && TryMove(Running, Detached))
        {
            engine.Abandon(this);
            Cancel(token);
        }
        else if (onCancel == OnCancel.Interrupt && TryMove(Running, Interrupting))
        {
            _thread!.Interrupt();
            Volatile.Write(ref _state, Interrupted);
        }
    }

    /// <summary>Consumes a pending interrupt of the current thread, so that it hits neither the next work nor the
    /// lane's own waits. It is the lane's, if it came too late for the work, or comes from user code that kept the
    /// thread. This runs after the work for the lane's waits, and before the work for interrupts that arrived while the
    /// thread was idle and awake.
    /// </summary>
    private void ConsumeInterrupts()
    {
        var spinner = default(SpinWait);
        while (true)
        {
            try
            {
                while (Volatile.Read(ref _state) == Interrupting)
                {
                    spinner.SpinOnce();
                }

                _ = Thread.CurrentThread.Join(0); // A wait throws, and consumes, an interrupt that is pending.
                return;
            }
            catch (ThreadInterruptedException)
            {
                // Consumed. Loops because the lane's own interrupt may still come.
            }
        }
    }
}

/// <summary>A work item with its work and its task. Passing a state to the work saves a closure per call.</summary>
internal sealed class LaneItem<TState, TResult>(
    LaneEngine engine,
    Func<TState, CancellationToken, TResult> work,
    TState state,
    OnCancel onCancel,
    CancellationToken token) : LaneItem(engine, onCancel, token)
{
    private readonly TaskCompletionSource<TResult> _completion = AsyncEnvironment.NewCompletion<TResult>();
    private TResult? _result;

    public Task<TResult> Task => _completion.Task;

    protected override void Invoke()
    {
        _result = work(state, Token);
        TaskResultGuard.CheckValue(_result);
    }

    protected override void Succeed() => AsyncEnvironment.Complete(_completion, _result!);

    protected override void Fail(Exception exception) => AsyncEnvironment.Fail(_completion, exception);

    protected override void Cancel(CancellationToken cancellationToken) =>
        AsyncEnvironment.Cancel(_completion, cancellationToken);
}
