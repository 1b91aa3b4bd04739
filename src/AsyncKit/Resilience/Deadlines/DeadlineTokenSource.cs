namespace AsyncKit;

/// <summary>
/// The token of one operation, cancelled by the caller or by a limit, and which of the two was first. On the system's
/// clock it is used again for other operations.
/// </summary>
/// <remarks>
/// Invariants:
/// (1) The state is a number of the use and a phase. Running becomes Idle, LimitFirst or CallerFirst once, by
/// compare-and-swap; the next use has another number. So a timer callback that comes late finds another state than it
/// read and does nothing.
/// (2) What is due is written before the use begins, and read after the state: a callback that reads what is due later
/// than its own use read a state that is past.
/// (3) A source that was cancelled, and a registration that could not be taken back, are not used again.
/// (4) While the state is Running, the timer is armed for what is due or earlier, or is about to be: who begins a use
/// writes Running, then looks whether it is armed; the callback writes that it is not, then looks for Running. Who arms
/// does so under the lock, for what is due then: of two that arm, the last one knows of the latest use.
/// (5) Armed for long and not Running is only whoever ends that use: the callback writes that it will be, then looks for
/// Running; who ends writes Idle, then looks whether it is.
/// The timer is not disarmed between uses, since arming costs more than the rest. It is armed for a short time at first,
/// so it is not left behind for long; for what is left only when that was not enough.
/// The system's clock is read in milliseconds, which costs a fifth. They may be behind, so a limit has as much added,
/// unless it is so short that this would be seen: then the timestamp is taken too, and decides.
/// On a clock of the user's a scope has one use, its timer is set once and is believed, and nothing of the clock is called
/// under the lock.
/// </remarks>
#pragma warning disable CA1001 // The end disposes, or keeps it for the next use.
internal abstract class DeadlineTokenSource
#pragma warning restore CA1001
{
    private const long NotArmed = long.MaxValue;
    private const long PhaseMask = 3;
    private const long Idle = 0;
    private const long Running = 1;
    internal const long LimitFirst = 2;
    private const long CallerFirst = 3;

    /// <summary>By how much the milliseconds may be behind, on any system.</summary>
    private const long Behind = 16;

    private const long ArmedAtFirst = 250;

    /// <summary>From here on it does not matter.</summary>
    private static readonly TimeSpan Coarse = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly TimeProvider _clock;
    private readonly bool _canBeReused;
    private readonly CancellationTokenSource _source = new();
    private ITimer? _timer;
    private CancellationTokenRegistration _registration;
    private CancellationToken _caller;
    private Task? _cancelling;
    private DeadlineContext _terms; // Without the limit.
    private long _limit; // Ticks of a TimeSpan.
    private long _startedAt; // Where it is exact.
    private long _dueAt; // Milliseconds of the system.
    private long _armedFor = NotArmed;
    private bool _isArmedForLong;
    private long _state;

    private protected DeadlineTokenSource(TimeProvider clock)
    {
        _clock = clock;
        _canBeReused = clock == TimeProvider.System;
        _terms = Unnamed(clock);
    }

    public CancellationToken Token => _source.Token;

    public DeadlineContext Terms => _terms with { Limit = Limit };

    /// <summary>What a callback of this use would have read.</summary>
    internal long State => Volatile.Read(ref _state);

    /// <summary>The invariant (4), for a use that has begun on the system's clock.</summary>
    internal bool IsArmedInTime => Volatile.Read(ref _armedFor) <= Volatile.Read(ref _dueAt);

    /// <summary>That has ended: it is not to be used again.</summary>
    protected bool IsSpent { get; private set; }

    /// <summary>Whether anything of the user's is called at the end, beside the awaiting code.</summary>
    protected bool CallsUser => !_canBeReused || _terms.Logger is not null;

    private TimeSpan Limit => new(Volatile.Read(ref _limit));

    private bool IsExact => !_canBeReused || Limit < Coarse;

    private bool WasLimitFirst => (Volatile.Read(ref _state) & PhaseMask) == LimitFirst;

    /// <summary>What to throw for what the operation has thrown: null when that passes as it is.</summary>
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

        // A limit further in that came first is the one to name.
        return !WasLimitFirst ? null
            : exception is DeadlineCanceledException { Limit: { } earlier } ? earlier : TimedOut(exception);
    }

    /// <summary>Instead of the end: an operation that was abandoned still has the token.</summary>
    public void Forget()
    {
        _ = _registration.Unregister();
        DisposeTimer();
    }

    /// <summary>After the token was cancelled: what its callbacks have thrown, when all have ended.</summary>
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
            return exception; // The user's. The operation's end decides what is thrown.
        }
    }

    protected void Start(in DeadlineContext terms, CancellationToken caller)
    {
        var limit = terms.Limit;
        var hasTimer = Guards.IsFinite(limit);
        if (!_canBeReused || terms.Name is not null || terms.Logger is not null || terms.Index >= 0)
        {
            _terms = terms;
        }

        _caller = caller;
        _limit = limit.Ticks;
        if (IsExact && hasTimer)
        {
            _startedAt = _clock.GetTimestamp();
        }

        var dueAt = hasTimer ? AsyncEnvironment.SystemMilliseconds + Milliseconds(limit) + (IsExact ? 0 : Behind) : long.MaxValue;
        Volatile.Write(ref _dueAt, dueAt);
        _ = Interlocked.Exchange(ref _state, _state | Running);
        if (caller.CanBeCanceled)
        {
            _registration = caller.UnsafeRegister(static scope => ((DeadlineTokenSource)scope!).OnCaller(), this);
        }

        if (!hasTimer)
        {
            return;
        }

        if (!_canBeReused)
        {
            _timer = CreateTimer();
            _ = _timer.Change(limit, Timeout.InfiniteTimeSpan);
        }
        else if (Volatile.Read(ref _armedFor) > dueAt)
        {
            lock (_lock)
            {
                Arm(ArmedAtFirst);
            }
        }
    }

    /// <summary>Unless it was cancelled: then <see cref="EndUseAsync"/> is the end.</summary>
    protected bool TryEndUse()
    {
        var isMine = !_caller.CanBeCanceled || _registration.Unregister();
        var state = Volatile.Read(ref _state);
        if ((state & PhaseMask) != Running
            || Interlocked.CompareExchange(ref _state, Next(state), state) != state)
        {
            return false;
        }

        if (Volatile.Read(ref _isArmedForLong))
        {
            Disarm();
        }

        _registration = default;
        _caller = default;
        if (_terms.Name is not null || _terms.Logger is not null || _terms.Index >= 0)
        {
            _terms = Unnamed(_clock);
        }

        if (!isMine || !_canBeReused || !_source.TryReset())
        {
            Dispose();
        }

        return true;
    }

    /// <summary>What the token's callbacks have thrown, if it was cancelled.</summary>
    protected ValueTask<Exception?> EndUseAsync() => TryEndUse() ? default : EndCancelledAsync();

    protected void Dispose()
    {
        IsSpent = true;
        DisposeTimer();
        _source.Dispose();
    }

    private static DeadlineContext Unnamed(TimeProvider clock) => new(clock, Timeout.InfiniteTimeSpan);

    private static long Next(long state) => (state & ~PhaseMask) + PhaseMask + 1 + Idle;

    private static long Milliseconds(TimeSpan time) =>
        (time.Ticks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond;

    /// <summary>In milliseconds, zero or less when it is due. On the system's clock.</summary>
    private long Left(long now) => IsExact
        ? Milliseconds(Limit - _clock.GetElapsedTime(Volatile.Read(ref _startedAt)))
        : Volatile.Read(ref _dueAt) - now;

    /// <summary>Under the lock.</summary>
    private void Arm(long longest)
    {
        var now = AsyncEnvironment.SystemMilliseconds;
        var delay = Math.Clamp(Left(now), 0, longest);
        Volatile.Write(ref _armedFor, now + delay); // Before it is: the callback clears it.
        Volatile.Write(ref _isArmedForLong, delay > ArmedAtFirst);
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

    /// <summary>Without the caller's context: the timer outlives the operation.</summary>
    private ITimer CreateTimer()
    {
        using (ExecutionContext.IsFlowSuppressed() ? default(AsyncFlowControl?) : ExecutionContext.SuppressFlow())
        {
            return _clock.CreateTimer(
                static scope => ((DeadlineTokenSource)scope!).OnTimer(),
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
            // A clock that throws must not keep the scope from ending.
        }
    }

    private void OnTimer()
    {
        _ = Interlocked.Exchange(ref _armedFor, NotArmed);
        var state = Volatile.Read(ref _state);
        if ((state & PhaseMask) != Running)
        {
            return;
        }

        if (!_canBeReused || (Volatile.Read(ref _dueAt) != long.MaxValue && Left(AsyncEnvironment.SystemMilliseconds) <= 0))
        {
            // The caller's callback may be late: its token is looked at too.
            Cancel(state, _caller.IsCancellationRequested ? CallerFirst : LimitFirst);
        }
        else
        {
            ArmAgain(state);
        }
    }

    /// <summary>It was armed for less, or timers are coarser than timestamps and come early, or this is of an earlier
    /// use.</summary>
    private void ArmAgain(long state)
    {
        lock (_lock)
        {
            _isArmedForLong = true;
            Interlocked.MemoryBarrier(); // Before the state is read, see (5).
            if (Volatile.Read(ref _state) != state || _dueAt == long.MaxValue)
            {
                _isArmedForLong = false; // The next use has found that it is not armed.
                return;
            }

            Arm((long)Guards.MaxTimeout.TotalMilliseconds);
        }
    }

    private void OnCaller()
    {
        var state = Volatile.Read(ref _state);
        if ((state & PhaseMask) == Running)
        {
            Cancel(state, CallerFirst);
        }
    }

    /// <param name="state">As it was read by the callback, perhaps in an earlier use.</param>
    /// <param name="phase">The limit or the caller.</param>
    internal void Cancel(long state, long phase)
    {
        // The lock gives the phase and the task at once to whoever ends meanwhile. No callback runs inside.
        lock (_lock)
        {
            if (Interlocked.CompareExchange(ref _state, (state & ~PhaseMask) | phase, state) == state)
            {
                _cancelling = AsyncEnvironment.CancelAsync(_source);
            }
        }
    }

    private async ValueTask<Exception?> EndCancelledAsync()
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
                : TimeSpan.FromMilliseconds(AsyncEnvironment.SystemMilliseconds - (_dueAt - Behind - Milliseconds(Limit)));
        }
        catch (Exception)
        {
            elapsed = Limit; // A clock that throws must not keep the scope from ending.
        }

        return Terms.TimedOut(Limit, elapsed, exception);
    }
}
