namespace AsyncKit.Testing;

/// <summary>One run of a test body. It selects the next continuation at random from those that can run.</summary>
/// <remarks>
/// Invariants:
/// (1) Steps run only on the controlled thread, one at a time, each to its end.
/// (2) The next step is selected after all external work of earlier steps is complete or blocked. So the set of
/// candidates depends only on the seed.
/// (3) Time passes only when the set is empty and no caller waits for idle.
/// (4) After the end no step runs. Late posts are dropped.
/// </remarks>
internal sealed class Schedule
{
    private const int MaxRoundsForExternalWork = 50;

    /// <summary>How often a schedule waits for other threads before it reports a deadlock. The waits are counted, not
    /// their total time: a pause of the process or a busy machine delays this thread like the others.</summary>
    private const int MaxSilentWaits = 100;

    [ThreadStatic]
    private static Schedule? _onThisThread;

    private static readonly TimeSpan SilentWait = TimeSpan.FromMilliseconds(10);

    private static readonly TimeSpan MaxBlockingTime = TimeSpan.FromMilliseconds(100);

    private readonly object _lock = new();
    private readonly List<(SendOrPostCallback Callback, object? State)> _runnable = [];
    private readonly List<(SendOrPostCallback Callback, object? State)> _arrived = []; // Posted by other threads.
    private readonly Queue<TaskCompletionSource> _idleWaiters = new();
    private readonly AsyncTestOptions _options;
    private readonly ControlledContext[] _contexts;
    private readonly ExternalWork _externalWork;
    private ulong _randomState;
    private int _steps;
    private bool _isClosed;
    private ScheduleFailure? _failure;

    public Schedule(int seed, AsyncTestOptions options)
    {
        Seed = seed;
        Random = new Random(seed);
        _options = options;
        _randomState = unchecked((ulong)seed);
        _contexts = [new(this), new(this)];
        _externalWork = new ExternalWork();
    }

    /// <summary>The schedule of the current code, on any thread.</summary>
    public static Schedule? Current => _onThisThread ?? ScheduleFlow.Current;

    public int Seed { get; }

    public VirtualTime Time { get; } = new();

    public Random Random { get; }

    public PendingOperations PendingOperations { get; } = new();

    public ExternalWork ExternalWork => _externalWork;

    public int Steps => Volatile.Read(ref _steps);

    public bool IsOnControlledThread => _onThisThread == this;

    /// <returns>The failure; null if the schedule passed.</returns>
    public ScheduleFailure? Run(Func<AsyncTestContext, Task> test)
    {
        _onThisThread = this;
        ScheduleFlow.Current = this;
        try
        {
            return Pump(test);
        }
        catch (ThreadInterruptedException)
        {
            return null; // The watching thread reports it.
        }
        finally
        {
            lock (_lock)
            {
                _isClosed = true;
                _externalWork.IsHeld = false;
                _runnable.Clear();
                _arrived.Clear();
            }

            PendingOperations.Close();
            ScheduleFlow.Current = null;
            _onThisThread = null;
            SynchronizationContext.SetSynchronizationContext(null);
        }
    }

    public void Post(SendOrPostCallback callback, object? state)
    {
        lock (_lock)
        {
            if (!_isClosed)
            {
                (IsOnControlledThread ? _runnable : _arrived).Add((callback, state));
                Monitor.Pulse(_lock);
            }
        }
    }

    public Task WhenIdleAsync()
    {
        var idle = new TaskCompletionSource();
        lock (_lock)
        {
            _idleWaiters.Enqueue(idle);
        }

        return idle.Task;
    }

    public async Task AdvanceAsync(TimeSpan by)
    {
        var goal = Time.Elapsed + by;
        await WhenIdleAsync();
        while (Time.Elapsed + Time.UntilNextTimer <= goal)
        {
            FireOne();
            await WhenIdleAsync();
        }

        if (Time.Elapsed < goal)
        {
            Time.Advance(goal - Time.Elapsed);
        }
    }

    public int Wait(IntPtr[] waitHandles, bool waitAll, int millisecondsTimeout)
    {
        if (!IsOnControlledThread)
        {
            return _externalWork.Wait(waitHandles, waitAll, millisecondsTimeout);
        }

        _externalWork.IsHeld = false;
        try
        {
            return WaitBriefly(waitHandles, waitAll, millisecondsTimeout);
        }
        finally
        {
            _externalWork.IsHeld = true;
        }
    }

    private int WaitBriefly(IntPtr[] waitHandles, bool waitAll, int millisecondsTimeout)
    {
        const int TimedOut = 258;

        // Must be tried briefly: another thread may be about to release a lock.
        var maxMilliseconds = (int)MaxBlockingTime.TotalMilliseconds;
        if (millisecondsTimeout is >= 0 && millisecondsTimeout <= maxMilliseconds)
        {
            return ControlledContext.Block(waitHandles, waitAll, millisecondsTimeout);
        }

        // Work of this schedule on another thread may hold the lock, and a busy machine may have preempted it.
        var result = ControlledContext.Block(waitHandles, waitAll, maxMilliseconds);
        for (var round = 0; result == TimedOut && round < MaxRoundsForExternalWork && _externalWork.IsBusy; round++)
        {
            result = ControlledContext.Block(waitHandles, waitAll, maxMilliseconds);
        }

        if (result != TimedOut)
        {
            return result;
        }

        var blocked = new InvalidOperationException(
            "A blocking wait on the controlled thread would never end, because that thread must also run the awaited "
            + "code. Await instead of calling Wait(), Result or GetResult().");
        _failure ??= new ScheduleFailure(blocked.Message, blocked);
        throw blocked;
    }

    private ScheduleFailure? Pump(Func<AsyncTestContext, Task> test)
    {
        Task? body = null;
        Step(
            _ => body = test(new AsyncTestContext(this))
                ?? throw new InvalidOperationException("The test body must return a Task; it returned null."),
            null);
        while (_failure is null && !body!.IsCompleted)
        {
            if (_steps > _options.MaxSteps)
            {
                return new ScheduleFailure(FormattableString.Invariant(
                    $"it exceeds MaxSteps ({_options.MaxSteps}). Unfinished: {PendingOperations.Unfinished()}"));
            }

            if (Time.Elapsed > _options.MaxVirtualTime)
            {
                return VirtualTimeExceeded();
            }

            if (SelectNext() is var (callback, state))
            {
                Step(callback, state);
            }
            else if (NextIdle() is { } idle)
            {
                Step(static idle => ((TaskCompletionSource)idle!).SetResult(), idle);
            }
            else if (Time.UntilNextTimer is { } wait)
            {
                if (Time.Elapsed + wait > _options.MaxVirtualTime)
                {
                    return VirtualTimeExceeded();
                }

                Step(static schedule => ((Schedule)schedule!).FireOne(), this);
            }
            else if (!WaitForOtherThreads(body))
            {
                return new ScheduleFailure(
                    "deadlock: no continuation can run, no timer is pending, and the test body is not complete. "
                    + $"Unfinished: {PendingOperations.Unfinished()}. If it waits for real time or I/O, pass the Time of "
                    + "the context, and a fake for the I/O.");
            }
        }

        return _failure ?? FailureOf(body!)
            ?? (Time.Elapsed > _options.MaxVirtualTime ? VirtualTimeExceeded() : null)
            ?? (_options.FailOnLeak ? Leak() : null);
    }

    private void FireOne() => Time.AdvanceToOneOfNext(many => (int)(NextRandom() % (ulong)many));

    private ScheduleFailure VirtualTimeExceeded() => new(
        FormattableString.Invariant($"it exceeds MaxVirtualTime ({TimeText.Of(_options.MaxVirtualTime)}). ")
        + $"Unfinished: {PendingOperations.Unfinished()}");

    private void Step(SendOrPostCallback callback, object? state)
    {
        _steps++;
        _externalWork.IsHeld = true;
        SynchronizationContext.SetSynchronizationContext(_contexts[(int)(NextRandom() & 1)]);
        try
        {
            callback(state);
        }
        catch (Exception exception) when (exception is not ThreadInterruptedException)
        {
            // No other code handles an exception of an async void method or a timer callback.
            _failure ??= new ScheduleFailure($"{exception.GetType().Name}: {exception.Message}", exception);
        }

        SynchronizationContext.SetSynchronizationContext(null);
        _externalWork.IsHeld = false;
        _externalWork.Settle();
    }

    private (SendOrPostCallback Callback, object? State)? SelectNext()
    {
        lock (_lock)
        {
            _runnable.AddRange(_arrived); // Must be last: the order must not depend on timing.
            _arrived.Clear();
            if (_runnable.Count == 0)
            {
                return null;
            }

            var index = (int)(NextRandom() % (ulong)_runnable.Count);
            var step = _runnable[index];
            _runnable[index] = _runnable[^1];
            _runnable.RemoveAt(_runnable.Count - 1);
            return step;
        }
    }

    private TaskCompletionSource? NextIdle()
    {
        lock (_lock)
        {
            return _idleWaiters.TryDequeue(out var idle) ? idle : null;
        }
    }

    /// <summary>Waits briefly for other threads, which alone can continue the schedule.</summary>
    /// <returns>True if the schedule can continue.</returns>
    private bool WaitForOtherThreads(Task body)
    {
        body.GetAwaiter().UnsafeOnCompleted(Wake);
        lock (_lock)
        {
            for (var wait = 0; wait < MaxSilentWaits && !CanContinue(); wait++)
            {
                _ = Monitor.Wait(_lock, SilentWait);
            }
        }

        _externalWork.Settle();
        lock (_lock)
        {
            return CanContinue();
        }

        bool CanContinue() =>
            _arrived.Count > 0 || _idleWaiters.Count > 0 || Time.PendingTimers > 0 || body.IsCompleted;

        void Wake()
        {
            lock (_lock)
            {
                Monitor.Pulse(_lock);
            }
        }
    }

    private static ScheduleFailure? FailureOf(Task body)
    {
        if (body.IsCompletedSuccessfully)
        {
            return null;
        }

        try
        {
#pragma warning disable VSTHRD002 // The task is completed. Only this throws the exception of a cancelled task.
            body.GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
            return null;
        }
        catch (Exception exception)
        {
            return new ScheduleFailure($"{exception.GetType().Name}: {exception.Message}", exception);
        }
    }

    private ScheduleFailure? Leak()
    {
        List<string> leaks = [];
        if (PendingOperations.Any)
        {
            leaks.Add("unfinished: " + PendingOperations.Unfinished());
        }

        lock (_lock)
        {
            if (leaks.Count == 0 && _runnable.Count + _arrived.Count is var waiting and > 0)
            {
                leaks.Add(FormattableString.Invariant($"continuations that did not run: {waiting}"));
            }
        }

        if (Time.UntilNextTimer is { } wait)
        {
            leaks.Add(FormattableString.Invariant($"pending timers: {Time.PendingTimers}, the next due in {TimeText.Of(wait)}"));
        }

        return leaks.Count == 0
            ? null
            : new ScheduleFailure($"the test body completed but left work behind; {string.Join("; ", leaks)}");
    }

    /// <summary>Returns the next number of SplitMix64 (Steele, Lea, Flood 2014). Any seed gives a good sequence, and
    /// the sequence is the same on every version of .NET.</summary>
    private ulong NextRandom()
    {
        unchecked
        {
            var mixed = _randomState += 0x9E3779B97F4A7C15;
            mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            return mixed ^ (mixed >> 31);
        }
    }
}
