namespace AsyncKit;

/// <summary>
/// A piece of work of a lane, from the call to its end. Who completes its task is decided by its state.
/// </summary>
/// <remarks>
/// Invariants:
/// (1) The state goes forward only, by compare-and-swap: Queued to Running or Left; Running to Ended, Left or
/// Interrupting; Interrupting to Interrupted; Interrupted to Ended.
/// (2) The task is completed once: by whoever brings the item to Left, or by the thread that brings it to Ended.
/// (3) Thread.Interrupt is called in Interrupting only, and the thread does not leave the item before that is over. So it
/// hits this work or nothing: what the work did not take, the thread takes before it goes on.
/// (4) What the engine links and counts changes under the engine's lock.
/// </remarks>
internal abstract class LaneItem(LaneEngine engine, OnCancel onCancel, CancellationToken token)
{
    private const int Queued = 0;
    private const int Running = 1;
    private const int Interrupting = 2;
    private const int Interrupted = 3;
    private const int Ended = 4;
    private const int Left = 5;

    private int _state;
    private bool _wasInterrupted;
    private Thread? _thread;
    private CancellationTokenRegistration _registration;

    /// <summary>Null when the caller has suppressed its flow.</summary>
    public ExecutionContext? Context { get; } = ExecutionContext.Capture();

    public LaneEngine Engine => engine;

    /// <summary>When the call was made; zero when nobody measures.</summary>
    private long GivenAt { get; } = LaneMetrics.Now(engine);

    public bool IsWaiting => Volatile.Read(ref _state) == Queued;

    // The engine's, under its lock.
    public LaneItem? Next { get; set; }

    public LaneItem? Previous { get; set; }

    public bool IsQueued { get; set; }

    public bool HasThread { get; set; }

    /// <summary>The work that has made this call, while it runs on the same lane.</summary>
    public LaneItem? Parent { get; set; }

    /// <summary>How many of its calls on the same lane have not ended.</summary>
    public int Nested { get; set; }

    protected CancellationToken Token => token;

    /// <summary>Before it is given to the lane, so that a cancellation finds a whole item.</summary>
    public void ListenToToken()
    {
        if (token.CanBeCanceled)
        {
            _registration = token.UnsafeRegister(static item => ((LaneItem)item!).OnCancelled(), this);
        }
    }

    /// <summary>On the thread that has it: runs the work, if that still wants to be run. Never throws.</summary>
    public void Run()
    {
        _thread = Thread.CurrentThread;
        ConsumeInterrupts();
        if (Interlocked.CompareExchange(ref _state, Running, Queued) == Queued)
        {
            LaneMetrics.Waited(engine, GivenAt);
            Invoke();
            End();
        }
    }

    /// <summary>After <see cref="Run"/>, when the thread is free for others.</summary>
    public void Complete()
    {
        _ = _registration.Unregister(); // Not waited for: its callback finds the state, and does nothing.
        if (Volatile.Read(ref _state) == Ended)
        {
            CompleteTask(_wasInterrupted);
        }
        else if (_thread is not null)
        {
            Drop();
        }
    }

    /// <summary>Refuses what has not begun.</summary>
    public void Refuse(Exception exception)
    {
        if (Interlocked.CompareExchange(ref _state, Left, Queued) == Queued)
        {
            _ = _registration.Unregister();
            Fail(exception);
        }
    }

    /// <summary>Cancels what has not begun, because the lane ends.</summary>
    public void CancelWithLane()
    {
        if (Interlocked.CompareExchange(ref _state, Left, Queued) == Queued)
        {
            _ = _registration.Unregister();
            Cancel(new CancellationToken(canceled: true));
        }
    }

    /// <summary>Keeps what the work returns or throws.</summary>
    protected abstract void Invoke();

    protected abstract void CompleteTask(bool wasInterrupted);

    protected abstract void Fail(Exception exception);

    protected abstract void Cancel(CancellationToken cancellationToken);

    /// <summary>The work has ended after its caller had left.</summary>
    protected abstract void Drop();

    private void OnCancelled()
    {
        if (Interlocked.CompareExchange(ref _state, Left, Queued) == Queued)
        {
            engine.Forget(this);
            Cancel(token);
        }
        else if (onCancel == OnCancel.Abandon
            && Interlocked.CompareExchange(ref _state, Left, Running) == Running)
        {
            engine.Abandon(this);
            Cancel(token);
        }
        else if (onCancel == OnCancel.Interrupt
            && Interlocked.CompareExchange(ref _state, Interrupting, Running) == Running)
        {
            _thread!.Interrupt();
            Volatile.Write(ref _state, Interrupted);
        }
    }

    private void End()
    {
        _wasInterrupted =
            Interlocked.CompareExchange(ref _state, Ended, Running) is Interrupting or Interrupted;
        ConsumeInterrupts();
        if (_wasInterrupted)
        {
            Volatile.Write(ref _state, Ended);
        }
    }

    /// <summary>Ours, that came too late for the work, and others', from whoever has kept the thread: the next work and
    /// the lane's own waits must not get them. After the work for the lane's waits; before it for what has come since, while
    /// the thread was awake and idle.</summary>
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

                _ = Thread.CurrentThread.Join(0); // A wait: it throws if an interrupt is pending, and so takes it.
                return;
            }
            catch (ThreadInterruptedException)
            {
                // Taken. Once more around, since ours may be still to come.
            }
        }
    }
}
