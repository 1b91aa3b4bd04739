namespace AsyncKit;

/// <summary>The token of one operation at a time. The caller or a limit cancels it, whichever is first. With the
/// system's clock an instance is reused for other operations.</summary>
/// <remarks>
/// <para>
/// The state is one number: the number of the use in the upper bits, its phase in the lower two. Only these transitions
/// exist:
/// </para>
/// <list type="table">
/// <item><term>Idle to Running</term><description><see cref="StartUse"/>. One thread owns an idle instance, so nothing
/// competes.</description></item>
/// <item><term>Running to Idle of the next use</term><description><see cref="TryStopUse"/>, by compare-and-swap, on the
/// thread that completes the operation. It owns the instance from here on and may reuse it.</description></item>
/// <item><term>Running to LimitFirst or CallerFirst</term><description><see cref="Cancel"/>, by compare-and-swap, in a
/// callback of the timer or of the caller's token. Final: the completing thread waits for the callbacks of the
/// operation's token and disposes the instance.</description></item>
/// </list>
/// <para>
/// The timer is expensive to change, so it is not stopped between uses. It is armed for a short time at first, which is
/// enough for most operations. If it fires too early for the limit, it is armed for the rest.
/// </para>
/// <para>
/// The system's clock is read in milliseconds, at a fifth of the cost of a timestamp. The milliseconds may lag, so that
/// lag is added to the limit. A limit under a second would show it, so there a timestamp decides.
/// </para>
/// <para>With any other clock, or if user code may keep the token, an instance has one use and a timer that is set once. No lock is held while that clock is
/// called.</para>
/// <para>
/// Invariants:
/// (1) Each use leaves Running once, and the next use has another number. So the compare-and-swap of a late callback,
/// which read the state of an earlier use, fails.
/// (2) StartUse writes the due time before the state, and callbacks read the state first. So a callback that sees the
/// due time of a later use holds an outdated state, and (1) applies.
/// (3) While Running, the timer is armed for the due time or earlier, or some thread is about to arm it. StartUse
/// writes Running, then reads <c>_armedFor</c>. The timer callback clears <c>_armedFor</c>, then reads the state. Both
/// writes are interlocked, which is a full fence, so at least one of the two sees the write of the other.
/// (4) Arming takes the lock and reads the due time inside. So of two threads that arm, the second one arms for the
/// latest use.
/// (5) A timer that is armed for long belongs to a running use, or the thread that stops the use is about to disarm it.
/// The timer callback writes <c>_isArmedForLong</c>, then reads the state. TryStopUse writes the state, then reads
/// <c>_isArmedForLong</c>. A fence separates each pair.
/// (6) A cancelled source is not reused, nor is an instance whose registration with the caller could not be removed.
/// </para>
/// </remarks>
#pragma warning disable CA1001 // Stopping disposes the source, or keeps it for the next use.
internal abstract class DeadlineTokenSource
#pragma warning restore CA1001
{
    internal const long LimitFirst = 2;
    private const long NotArmed = long.MaxValue;
    private const long PhaseMask = 3;
    private const long Idle = 0;
    private const long Running = 1;
    private const long CallerFirst = 3;

    /// <summary>The most by which the system's milliseconds lag, on any system.</summary>
    private const long ClockLag = 16;

    /// <summary>The first time that the timer is armed for, in milliseconds.</summary>
    private const long FirstDelay = 250;

    /// <summary>From this limit on the lag does not matter.</summary>
    private static readonly TimeSpan MinCoarseLimit = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly TimeProvider _clock;
    private readonly bool _isReusable;
    private readonly CancellationTokenSource _source = new();
    private ITimer? _timer;
    private CancellationTokenRegistration _registration;
    private CancellationToken _caller;
    private Task? _cancelling;
    private DeadlineContext _context; // Without the limit, and unnamed unless there is something to name.
    private long _limit; // In ticks of a TimeSpan.
    private long _startedAt; // A timestamp, if the limit is exact.
    private long _dueAt; // In the system's milliseconds.
    private long _armedFor = NotArmed;
    private bool _isArmedForLong;
    private long _state;

    private protected DeadlineTokenSource(TimeProvider clock, bool isReusable)
    {
        _clock = clock;
        _isReusable = isReusable;
        _context = Unnamed(clock);
    }

    public CancellationToken Token => _source.Token;

    public DeadlineContext Context => _context with { Limit = Limit };

    /// <summary>The number of the use and its phase, as a callback reads it.</summary>
    internal long State => Volatile.Read(ref _state);

    /// <summary>Invariant (3), for a use that runs on the system's clock.</summary>
    internal bool IsArmedInTime => Volatile.Read(ref _armedFor) <= Volatile.Read(ref _dueAt);

    /// <summary>Whether the instance is disposed and must not be reused.</summary>
    protected bool IsDisposed { get; private set; }

    /// <summary>Whether completing the use calls user code other than the awaiting caller.</summary>
    protected bool CallsUserCode => !_isReusable || _context.Logger is not null;

    private TimeSpan Limit => new(Volatile.Read(ref _limit));

    private bool IsExact => !_isReusable || Limit < MinCoarseLimit;

    private bool WasLimitFirst => (State & PhaseMask) == LimitFirst;

    /// <summary>Returns the exception to throw for an exception of the operation; null to throw it unchanged. Valid
    /// until the use stops.</summary>
    public Exception? Translate(Exception exception)
    {
        if (!Cancellation.Is(exception))
        {
            return null;
        }

        if (_caller.IsCancellationRequested)
        {
            var limit = WasLimitFirst ? TimedOut(exception) : (exception as DeadlineCanceledException)?.Limit;
            return limit is null || exception is CanceledWithFailureException
                ? Cancellation.ByCaller(exception, _caller)
                : new DeadlineCanceledException(limit, exception, _caller);
        }

        // The limit of an inner deadline, if it was first, is the one to report.
        return !WasLimitFirst ? null
            : exception is DeadlineCanceledException { Limit: { } earlier } ? earlier : TimedOut(exception);
    }

    /// <summary>Adds the limit that stopped the operation to a result that contains the cancellation instead of throwing
    /// it. Valid until the use stops.</summary>
    public void AddLimitTo<TResult>(TResult result)
    {
        if (result is ILimitedOutcome outcome && WasLimitFirst)
        {
            outcome.OnStoppedBy(TimedOut(null), _caller.IsCancellationRequested);
        }
    }

    /// <summary>Releases the caller's token and the timer without stopping the use: an abandoned operation still uses
    /// the token.</summary>
    public void Abandon()
    {
        _ = _registration.Unregister();
        DisposeTimer();
    }

    /// <summary>Waits, after the token was cancelled, until its callbacks have returned. Returns what they
    /// threw.</summary>
    public async ValueTask<Exception?> WhenCancelledAsync()
    {
        Task cancelling;
        lock (_lock)
        {
            cancelling = _cancelling!;
        }

        try
        {
            await cancelling.NoContext();
            return null;
        }
        catch (Exception exception)
        {
            return exception; // From user code. The outcome of the operation decides what is thrown.
        }
    }

    protected void StartUse(in DeadlineContext context, CancellationToken caller)
    {
        var limit = context.Limit;
        var hasTimer = Guards.IsFinite(limit);
        if (!_isReusable || context.Name is not null || context.Logger is not null || context.Index >= 0)
        {
            _context = context;
        }

        _caller = caller;
        _limit = limit.Ticks;
        if (IsExact && hasTimer)
        {
            _startedAt = _clock.GetTimestamp();
        }

        var dueAt = hasTimer
            ? AsyncEnvironment.SystemMilliseconds + Milliseconds(limit) + (IsExact ? 0 : ClockLag)
            : long.MaxValue;
        Volatile.Write(ref _dueAt, dueAt);
        _ = Interlocked.Exchange(ref _state, _state | Running); // A fence before _armedFor is read, see (3).
        if (caller.CanBeCanceled)
        {
            _registration = caller.UnsafeRegister(static source => ((DeadlineTokenSource)source!).OnCallerCancelled(), this);
        }

        if (!hasTimer)
        {
            return;
        }

        if (!_isReusable)
        {
            _timer = CreateTimer();
            _ = _timer.Change(limit, Timeout.InfiniteTimeSpan);
        }
        else if (Volatile.Read(ref _armedFor) > dueAt)
        {
            lock (_lock)
            {
                Arm(FirstDelay);
            }
        }
    }

    /// <summary>Stops the use, unless it was cancelled. In that case call <see cref="StopUseAsync"/>.</summary>
    protected bool TryStopUse()
    {
        var isUnregistered = !_caller.CanBeCanceled || _registration.Unregister();
        var state = State;
        if ((state & PhaseMask) != Running || Interlocked.CompareExchange(ref _state, NextUse(state), state) != state)
        {
            return false;
        }

        if (Volatile.Read(ref _isArmedForLong)) // After the state, see (5).
        {
            Disarm();
        }

        _registration = default;
        _caller = default;
        if (_context.Name is not null || _context.Logger is not null || _context.Index >= 0)
        {
            _context = Unnamed(_clock);
        }

        if (!isUnregistered || !_isReusable || !_source.TryReset())
        {
            Dispose();
        }

        return true;
    }

    /// <summary>Stops the use. After a cancellation, waits for the callbacks of the token and returns what they
    /// threw.</summary>
    protected ValueTask<Exception?> StopUseAsync() => TryStopUse() ? default : StopCancelledAsync();

    protected void Dispose()
    {
        IsDisposed = true;
        DisposeTimer();
        _source.Dispose();
    }

    private static DeadlineContext Unnamed(TimeProvider clock) => new(clock, Timeout.InfiniteTimeSpan);

    private static long NextUse(long state) => (state & ~PhaseMask) + PhaseMask + 1 + Idle;

    private static long Milliseconds(TimeSpan time) =>
        (time.Ticks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond;

    /// <summary>The milliseconds that remain on the system's clock; zero or less if the limit has passed.</summary>
    private long Remaining(long now) => IsExact
        ? Milliseconds(Limit - _clock.GetElapsedTime(Volatile.Read(ref _startedAt)))
        : Volatile.Read(ref _dueAt) - now;

    /// <summary>The caller holds the lock.</summary>
    private void Arm(long maxDelay)
    {
        var now = AsyncEnvironment.SystemMilliseconds;
        var delay = Math.Clamp(Remaining(now), 0, maxDelay);
        Volatile.Write(ref _armedFor, now + delay); // Before the timer is set: its callback clears it.
        Volatile.Write(ref _isArmedForLong, delay > FirstDelay);
        _timer ??= CreateTimer();
        _ = _timer.Change(TimeSpan.FromMilliseconds(delay), Timeout.InfiniteTimeSpan);
    }

    private void Disarm()
    {
        lock (_lock)
        {
            _isArmedForLong = false;
            Volatile.Write(ref _armedFor, NotArmed);
            _ = _timer!.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Captures no ExecutionContext, since the timer outlives the operation.</summary>
    private ITimer CreateTimer()
    {
        using (ExecutionContext.IsFlowSuppressed() ? default(AsyncFlowControl?) : ExecutionContext.SuppressFlow())
        {
            return _clock.CreateTimer(
                static source => ((DeadlineTokenSource)source!).OnTimer(),
                this,
                Timeout.InfiniteTimeSpan,
                Timeout.InfiniteTimeSpan);
        }
    }

    private void DisposeTimer()
    {
        try
        {
            _timer?.Dispose();
        }
        catch (Exception)
        {
            // A user-supplied clock that throws must not replace the outcome of the operation.
        }
    }

    private void OnTimer()
    {
        _ = Interlocked.Exchange(ref _armedFor, NotArmed); // A fence before the state is read, see (3).
        var state = State;
        if ((state & PhaseMask) != Running)
        {
            return; // The operation completed. The next use arms the timer.
        }

        if (!_isReusable || (Volatile.Read(ref _dueAt) != long.MaxValue && Remaining(AsyncEnvironment.SystemMilliseconds) <= 0))
        {
            // The caller may have cancelled before, with its callback still to come.
            Cancel(state, _caller.IsCancellationRequested ? CallerFirst : LimitFirst);
        }
        else
        {
            Rearm(state);
        }
    }

    /// <summary>Arms the timer for the rest. It fires early because it was armed for less, because timers are coarser
    /// than timestamps, or because an earlier use armed it.</summary>
    private void Rearm(long state)
    {
        lock (_lock)
        {
            _isArmedForLong = true;
            Interlocked.MemoryBarrier(); // Before the state is read, see (5).
            if (State != state || _dueAt == long.MaxValue)
            {
                _isArmedForLong = false; // The next use sees that the timer is not armed.
                return;
            }

            Arm((long)Guards.MaxTimeout.TotalMilliseconds);
        }
    }

    private void OnCallerCancelled()
    {
        var state = State;
        if ((state & PhaseMask) == Running)
        {
            Cancel(state, CallerFirst);
        }
    }

    /// <param name="state">The state as the callback read it, perhaps that of an earlier use.</param>
    /// <param name="phase">LimitFirst or CallerFirst.</param>
    internal void Cancel(long state, long phase)
    {
        // The lock publishes the phase together with the task: a thread that sees the phase finds the task under the lock.
        // No callback runs inside.
        lock (_lock)
        {
            if ((state & PhaseMask) == Running
                && Interlocked.CompareExchange(ref _state, (state & ~PhaseMask) | phase, state) == state)
            {
                _cancelling = AsyncEnvironment.CancelAsync(_source);
            }
        }
    }

    private async ValueTask<Exception?> StopCancelledAsync()
    {
        var thrown = await WhenCancelledAsync().NoContext();
        Dispose();
        return thrown;
    }

    private TimeoutException TimedOut(Exception? exception)
    {
        TimeSpan elapsed;
        try
        {
            elapsed = IsExact
                ? _clock.GetElapsedTime(_startedAt)
                : TimeSpan.FromMilliseconds(AsyncEnvironment.SystemMilliseconds - (_dueAt - ClockLag - Milliseconds(Limit)));
        }
        catch (Exception)
        {
            elapsed = Limit; // A user-supplied clock that throws must not replace the timeout.
        }

        return Context.TimedOut(elapsed, exception);
    }
}
