namespace AsyncKit.Testing;

/// <summary>
/// One run of a test body. It draws its steps at random, one after the other, from the continuations that can run.
/// </summary>
/// <remarks>
/// Invariants:
/// (1) Steps run only on the controlled thread, one at a time, each to its end.
/// (2) The next step is drawn when no work that earlier steps started on other threads is running, so the set to draw
/// from depends only on the seed.
/// (3) Time passes only when the set is empty and no caller waits for idleness.
/// (4) After the end no step runs, and continuations that are posted later are dropped.
/// </remarks>
internal sealed class Schedule
{
    [ThreadStatic]
    private static Schedule? _onThisThread;

    private static readonly TimeSpan PatienceWithOthers = TimeSpan.FromMilliseconds(100);

    private readonly object _lock = new();
    private readonly List<(SendOrPostCallback Callback, object? State)> _runnable = [];
    private readonly List<(SendOrPostCallback Callback, object? State)> _arrived = []; // From other threads.
    private readonly Queue<TaskCompletionSource> _waitingForIdle = new();
    private readonly AsyncTestOptions _options;
    private readonly ControlledContext[] _contexts;
    private readonly ExternalWork _externalWork;
    private ulong _chance;
    private int _steps;
    private bool _isOver;
    private ScheduleFailure? _failure;

    public Schedule(int seed, AsyncTestOptions options)
    {
        Seed = seed;
        Random = new Random(seed);
        _options = options;
        _chance = unchecked((ulong)seed);
        _contexts = [new(this), new(this)];
        _externalWork = new ExternalWork();
    }

    /// <summary>The schedule that the current code belongs to, on any thread.</summary>
    public static Schedule? Current => _onThisThread ?? ScheduleFlow.Current;

    public int Seed { get; }

    public VirtualTime Time { get; } = new();

    public Random Random { get; }

    public PendingOperations PendingOperations { get; } = new();

    public ExternalWork ExternalWork => _externalWork;

    public int Steps => Volatile.Read(ref _steps);

    public bool IsOnItsThread => _onThisThread == this;

    /// <returns>The failure, or null if the schedule passed.</returns>
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
                _isOver = true;
                _externalWork.IsHeld = false;
                _runnable.Clear();
                _arrived.Clear();
            }

            PendingOperations.Forget();
            ScheduleFlow.Current = null;
            _onThisThread = null;
            SynchronizationContext.SetSynchronizationContext(null);
        }
    }

    public void Post(SendOrPostCallback callback, object? state)
    {
        lock (_lock)
        {
            if (!_isOver)
            {
                (IsOnItsThread ? _runnable : _arrived).Add((callback, state));
                Monitor.Pulse(_lock);
            }
        }
    }

    public Task WhenIdleAsync()
    {
        var idle = new TaskCompletionSource();
        lock (_lock)
        {
            _waitingForIdle.Enqueue(idle);
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
        if (!IsOnItsThread)
        {
            return _externalWork.Wait(waitHandles, waitAll, millisecondsTimeout);
        }

        _externalWork.IsHeld = false;
        try
        {
            return WaitHere(waitHandles, waitAll, millisecondsTimeout);
        }
        finally
        {
            _externalWork.IsHeld = true;
        }
    }

    private int WaitHere(IntPtr[] waitHandles, bool waitAll, int millisecondsTimeout)
    {
        const int TimedOut = 258;

        // Waits briefly: it may be a lock that another thread is about to release.
        var patience = (int)PatienceWithOthers.TotalMilliseconds;
        if (millisecondsTimeout is >= 0 && millisecondsTimeout <= patience)
        {
            return ControlledContext.ReallyWait(waitHandles, waitAll, millisecondsTimeout);
        }

        var result = ControlledContext.ReallyWait(waitHandles, waitAll, patience);
        if (result != TimedOut)
        {
            return result;
        }

        var blocked = new InvalidOperationException(
            "A blocking wait on the controlled thread would never end, because the work it waits for runs on the same "
            + "thread. Await instead of calling Wait(), Result or GetResult().");
        _failure ??= new ScheduleFailure(blocked.Message, blocked);
        throw blocked;
    }

    private ScheduleFailure? Pump(Func<AsyncTestContext, Task> test)
    {
        Task? body = null;
        Step(
            _ => body = test(new AsyncTestContext(this))
                ?? throw new InvalidOperationException("The test body returned null instead of a Task."),
            null);
        while (_failure is null && !body!.IsCompleted)
        {
            if (_steps > _options.MaxSteps)
            {
                return new ScheduleFailure(FormattableString.Invariant(
                    $"it did not complete within MaxSteps ({_options.MaxSteps}) steps. Unfinished: {PendingOperations.Unfinished()}"));
            }

            if (Time.Elapsed > _options.MaxVirtualTime)
            {
                return OutOfTime();
            }

            if (Draw() is var (callback, state))
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
                    return OutOfTime();
                }

                Step(static schedule => ((Schedule)schedule!).FireOne(), this);
            }
            else if (!HasHelpFromOtherThreads(body))
            {
                return new ScheduleFailure(
                    "deadlock: nothing can run, no timer is pending, and the test body did not complete. "
                    + $"Unfinished: {PendingOperations.Unfinished()}. If it waits for real time or I/O, pass the Time of "
                    + "the context, and a fake for the rest.");
            }
        }

        return _failure ?? FailureOf(body!)
            ?? (Time.Elapsed > _options.MaxVirtualTime ? OutOfTime() : null)
            ?? (_options.FailOnLeak ? Leak() : null);
    }

    private void FireOne() => Time.AdvanceToOneOfNext(many => (int)(NextChance() % (ulong)many));

    private ScheduleFailure OutOfTime() => new(
        FormattableString.Invariant($"it needs more virtual time than MaxVirtualTime ({_options.MaxVirtualTime}). ")
        + $"Unfinished: {PendingOperations.Unfinished()}");

    private void Step(SendOrPostCallback callback, object? state)
    {
        _steps++;
        _externalWork.IsHeld = true;
        SynchronizationContext.SetSynchronizationContext(_contexts[(int)(NextChance() & 1)]);
        try
        {
            callback(state);
        }
        catch (Exception exception) when (exception is not ThreadInterruptedException)
        {
            // No task carries the exception of an async void method or of a timer callback.
            _failure ??= new ScheduleFailure($"{exception.GetType().Name}: {exception.Message}", exception);
        }

        SynchronizationContext.SetSynchronizationContext(null);
        _externalWork.IsHeld = false;
        _externalWork.Settle();
    }

    private (SendOrPostCallback Callback, object? State)? Draw()
    {
        lock (_lock)
        {
            _runnable.AddRange(_arrived); // After those of the step, so the order does not depend on timing.
            _arrived.Clear();
            if (_runnable.Count == 0)
            {
                return null;
            }

            var drawn = (int)(NextChance() % (ulong)_runnable.Count);
            var step = _runnable[drawn];
            _runnable[drawn] = _runnable[^1];
            _runnable.RemoveAt(_runnable.Count - 1);
            return step;
        }
    }

    private TaskCompletionSource? NextIdle()
    {
        lock (_lock)
        {
            return _waitingForIdle.TryDequeue(out var idle) ? idle : null;
        }
    }

    /// <summary>Nothing can run on this thread: waits a moment for work on another thread.</summary>
    private bool HasHelpFromOtherThreads(Task body)
    {
        body.GetAwaiter().UnsafeOnCompleted(Wake);
        lock (_lock)
        {
            if (_arrived.Count == 0 && !body.IsCompleted)
            {
                _ = Monitor.Wait(_lock, PatienceWithOthers);
            }
        }

        _externalWork.Settle();
        lock (_lock)
        {
            return _arrived.Count > 0 || _waitingForIdle.Count > 0 || Time.PendingTimers > 0 || body.IsCompleted;
        }

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
#pragma warning disable VSTHRD002 // It is complete, and a cancelled task throws its exception only this way.
            body.GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
            return null;
        }
        catch (Exception exception)
        {
            // Every exception is the outcome of the test.
            return new ScheduleFailure($"{exception.GetType().Name}: {exception.Message}", exception);
        }
    }

    private ScheduleFailure? Leak()
    {
        List<string> left = [];
        if (PendingOperations.Any)
        {
            left.Add("unfinished: " + PendingOperations.Unfinished());
        }

        lock (_lock)
        {
            if (left.Count == 0 && _runnable.Count + _arrived.Count is var waiting and > 0)
            {
                left.Add(FormattableString.Invariant($"continuations that did not run: {waiting}"));
            }
        }

        if (Time.UntilNextTimer is { } wait)
        {
            left.Add(FormattableString.Invariant($"pending timers: {Time.PendingTimers}, the next due in {wait}"));
        }

        return left.Count == 0
            ? null
            : new ScheduleFailure($"the test body completed and left something behind: {string.Join("; ", left)}");
    }

    /// <summary>SplitMix64 (Steele, Lea, Flood 2014). Every seed gives a good sequence, the same on every version of
    /// .NET.</summary>
    private ulong NextChance()
    {
        unchecked
        {
            var mixed = _chance += 0x9E3779B97F4A7C15;
            mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            return mixed ^ (mixed >> 31);
        }
    }
}
