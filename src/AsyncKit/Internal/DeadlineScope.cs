using System.Collections.Concurrent;

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
/// On a clock of the user's a scope has one use, its timer is set once and is believed, and nothing of the clock is called
/// under the lock.
/// </remarks>
#pragma warning disable CA1001 // EndAsync disposes, or keeps it for the next use.
internal sealed class DeadlineScope
#pragma warning restore CA1001
{
    private const int MostPooled = 128;
    private const long NotArmed = long.MaxValue;
    private const long PhaseMask = 3;
    private const long Idle = 0;
    private const long Running = 1;
    internal const long LimitFirst = 2;
    private const long CallerFirst = 3;

    private static readonly TimeSpan ArmedAtFirst = TimeSpan.FromMilliseconds(250);

    private static readonly ConcurrentQueue<DeadlineScope> Pool = new();
    private static int _pooled;

    [ThreadStatic]
    private static DeadlineScope? _latest;

    private readonly object _lock = new();
    private readonly TimeProvider _clock;
    private readonly CancellationTokenSource _source = new();
    private ITimer? _timer;
    private CancellationTokenRegistration _registration;
    private CancellationToken _caller;
    private Task? _cancelling;
    private DeadlineTerms _terms;
    private long _startedAt;
    private long _dueAt;
    private long _armedFor = NotArmed;
    private bool _isArmedForLong;
    private long _state;

    private DeadlineScope(TimeProvider clock) => _clock = clock;

    public CancellationToken Token => _source.Token;

    public ref readonly DeadlineTerms Terms => ref _terms;

    /// <summary>What a callback of this use would have read.</summary>
    internal long State => Volatile.Read(ref _state);

    /// <summary>The invariant (4), for a use that has begun on the system's clock.</summary>
    internal bool IsArmedInTime => Volatile.Read(ref _armedFor) <= Volatile.Read(ref _dueAt);

    private bool CanBeReused => _clock == TimeProvider.System;

    private bool WasLimitFirst => (Volatile.Read(ref _state) & PhaseMask) == LimitFirst;

    public static DeadlineScope Begin(in DeadlineTerms terms, CancellationToken caller)
    {
        var scope = terms.Clock == TimeProvider.System ? RentOrCreate() : new DeadlineScope(terms.Clock);
        try
        {
            scope.Start(terms, caller);
        }
        catch (Exception)
        {
            scope.Forget(); // The clock has thrown; no registration stays.
            throw;
        }

        return scope;
    }

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

    /// <summary>The last use of it. What the token's callbacks have thrown, if it was cancelled.</summary>
    public ValueTask<Exception?> EndAsync() => TryEnd() ? default : EndCancelledAsync();

    /// <summary>The last use of it, unless it was cancelled: then <see cref="EndAsync"/> is.</summary>
    public bool TryEnd()
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
        if (_terms.Name is not null || _terms.Logger is not null)
        {
            _terms = default;
        }

        if (!isMine || !CanBeReused || !_source.TryReset() || !TryPool())
        {
            Dispose();
        }

        return true;
    }

    /// <summary>Instead of the end: an operation that was abandoned still has the token.</summary>
    public void Forget()
    {
        _ = _registration.Unregister();
        _timer?.Dispose();
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
            await cancelling.Cfg();
            return null;
        }
        catch (Exception exception)
        {
            return exception; // The user's. The operation's end decides what is thrown.
        }
    }

    private static DeadlineScope RentOrCreate()
    {
        if (_latest is { } latest)
        {
            _latest = null;
            return latest;
        }

        if (Pool.TryDequeue(out var scope))
        {
            Interlocked.Decrement(ref _pooled);
            return scope;
        }

        return new DeadlineScope(TimeProvider.System);
    }

    private static long Next(long state) => (state & ~PhaseMask) + PhaseMask + 1 + Idle;

    private bool TryPool()
    {
        if (_latest is null)
        {
            _latest = this;
            return true;
        }

        if (Interlocked.Increment(ref _pooled) > MostPooled)
        {
            Interlocked.Decrement(ref _pooled);
            return false;
        }

        Pool.Enqueue(this);
        return true;
    }

    private void Start(in DeadlineTerms terms, CancellationToken caller)
    {
        _startedAt = _clock.GetTimestamp();
        _terms = terms;
        _caller = caller;
        var hasTimer = DeadlineTerms.IsFinite(terms.Limit);
        Volatile.Write(ref _dueAt, hasTimer ? _startedAt + DurationOf(terms.Limit) : long.MaxValue);
        _ = Interlocked.Exchange(ref _state, _state | Running);
        if (caller.CanBeCanceled)
        {
            _registration = caller.UnsafeRegister(static scope => ((DeadlineScope)scope!).OnCaller(), this);
        }

        if (!hasTimer)
        {
            return;
        }

        if (!CanBeReused)
        {
            _timer = CreateTimer();
            _ = _timer.Change(terms.Limit, Timeout.InfiniteTimeSpan);
        }
        else if (Volatile.Read(ref _armedFor) > _dueAt)
        {
            lock (_lock)
            {
                Arm(ArmedAtFirst);
            }
        }
    }

    /// <summary>Under the lock.</summary>
    private void Arm(TimeSpan longest)
    {
        var now = _clock.GetTimestamp();
        var delay = TimeSpan.FromMilliseconds(
            Math.Clamp(Math.Ceiling((_dueAt - now) * 1000.0 / _clock.TimestampFrequency), 0, longest.TotalMilliseconds));
        var armedFor = delay < longest ? _dueAt : now + DurationOf(delay); // The rounding of the timer is not counted.
        Volatile.Write(ref _armedFor, armedFor); // Before it is: the callback clears it.
        Volatile.Write(ref _isArmedForLong, delay > ArmedAtFirst);
        _timer ??= CreateTimer();
        _ = _timer.Change(delay, Timeout.InfiniteTimeSpan);
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

    private long DurationOf(TimeSpan time) => (long)(time.TotalSeconds * _clock.TimestampFrequency);

    /// <summary>Without the caller's context: the timer outlives the operation.</summary>
    private ITimer CreateTimer()
    {
        using (ExecutionContext.IsFlowSuppressed() ? default(AsyncFlowControl?) : ExecutionContext.SuppressFlow())
        {
            return _clock.CreateTimer(
                static scope => ((DeadlineScope)scope!).OnTimer(),
                this,
                Timeout.InfiniteTimeSpan,
                Timeout.InfiniteTimeSpan);
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

        if (!CanBeReused || Volatile.Read(ref _dueAt) <= _clock.GetTimestamp())
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

            Arm(DeadlineTerms.Longest);
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
                _cancelling = Seam.CancelAsync(_source);
            }
        }
    }

    private async ValueTask<Exception?> EndCancelledAsync()
    {
        var thrown = await WhenCancelledAsync().Cfg();
        Dispose();
        return thrown;
    }

    private TimeoutException TimedOut(Exception? exception)
    {
        TimeSpan elapsed;
        try
        {
            elapsed = _clock.GetElapsedTime(_startedAt);
        }
        catch (Exception)
        {
            elapsed = _terms.Limit; // A clock that throws must not keep the scope from ending.
        }

        return _terms.TimedOut(_terms.Limit, elapsed, exception);
    }

    private void Dispose()
    {
        _timer?.Dispose();
        _source.Dispose();
    }
}
