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
/// writes Running, then looks whether it is armed; the callback writes that it is not, then looks for Running.
/// The timer is not disarmed between uses, since arming costs more than the rest. It is armed for a short time at most, so
/// it is not left behind for long.
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
    private const long LimitFirst = 2;
    private const long CallerFirst = 3;

    private static readonly TimeSpan LongestArmed = TimeSpan.FromMilliseconds(250);

    private static readonly ConcurrentQueue<DeadlineScope> Pool = new();
    private static DeadlineScope? _latest;
    private static int _pooled;

    private readonly object _lock = new();
    private readonly TimeProvider _clock;
    private readonly CancellationTokenSource _source = new();
    private ITimer? _timer;
    private CancellationTokenRegistration _registration;
    private CancellationToken _caller;
    private Task? _cancelling;
    private TimeSpan _limit;
    private long _startedAt;
    private long _dueAt;
    private long _armedFor = NotArmed;
    private long _state;

    private DeadlineScope(TimeProvider clock) => _clock = clock;

    public CancellationToken Token => _source.Token;

    private bool CanBeReused => _clock == TimeProvider.System;

    private bool WasLimitFirst => (Volatile.Read(ref _state) & PhaseMask) == LimitFirst;

    public static DeadlineScope Begin(TimeProvider clock, TimeSpan limit, CancellationToken caller)
    {
        var scope = clock == TimeProvider.System ? RentOrCreate() : new DeadlineScope(clock);
        scope.Start(limit, caller);
        return scope;
    }

    /// <summary>What to throw for what the operation has thrown: null when that passes as it is.</summary>
    public Exception? Translate(Exception exception, in DeadlineTerms terms)
    {
        if (!Cancellation.Is(exception))
        {
            return null;
        }

        if (_caller.IsCancellationRequested)
        {
            var limit = WasLimitFirst ? TimedOut(exception, terms) : (exception as DeadlineCanceledException)?.Limit;
            return limit is null || exception is CanceledWithFailureException
                ? Cancellation.ByCaller(exception, _caller)
                : new DeadlineCanceledException(limit, exception, _caller);
        }

        // A limit further in that came first is the one to name.
        return !WasLimitFirst ? null
            : exception is DeadlineCanceledException { Limit: { } earlier } ? earlier : TimedOut(exception, terms);
    }

    /// <summary>The last use of it. What the token's callbacks have thrown, if it was cancelled.</summary>
    public ValueTask<Exception?> EndAsync()
    {
        var isMine = !_caller.CanBeCanceled || _registration.Unregister();
        var state = Volatile.Read(ref _state);
        if ((state & PhaseMask) != Running
            || Interlocked.CompareExchange(ref _state, Next(state), state) != state)
        {
            return EndCancelledAsync();
        }

        _registration = default;
        _caller = default;
        if (!isMine || !CanBeReused || !_source.TryReset() || !TryPool())
        {
            Dispose();
        }

        return default;
    }

    /// <summary>An operation that was abandoned still has the token.</summary>
    public void Forget() => _timer?.Dispose();

    private static DeadlineScope RentOrCreate()
    {
        if (Interlocked.Exchange(ref _latest, null) is { } latest)
        {
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
        if (Interlocked.CompareExchange(ref _latest, this, null) is null)
        {
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

    private void Start(TimeSpan limit, CancellationToken caller)
    {
        _startedAt = _clock.GetTimestamp();
        _limit = limit;
        _caller = caller;
        var hasTimer = DeadlineTerms.IsFinite(limit);
        Volatile.Write(ref _dueAt, hasTimer ? _startedAt + DurationOf(limit) : long.MaxValue);
        _ = Interlocked.Exchange(ref _state, _state | Running);
        if (caller.CanBeCanceled)
        {
            _registration = caller.UnsafeRegister(static scope => ((DeadlineScope)scope!).OnCaller(), this);
        }

        if (hasTimer && Volatile.Read(ref _armedFor) > _dueAt)
        {
            Arm(_dueAt - _startedAt);
        }
    }

    /// <param name="rest">Until what is due, in ticks of the clock's timestamps.</param>
    private void Arm(long rest)
    {
        var exact = TimeSpan.FromMilliseconds(Math.Ceiling((double)rest / _clock.TimestampFrequency * 1000));
        var delay = CanBeReused && exact > LongestArmed ? LongestArmed : exact;
        Volatile.Write(ref _armedFor, _clock.GetTimestamp() + DurationOf(delay)); // Before it is: the callback clears it.
        _timer ??= CreateTimer();
        _ = _timer.Change(delay, Timeout.InfiniteTimeSpan);
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

        // It was armed for less, or timers are coarser than timestamps and come early, or this is of an earlier use.
        var rest = Volatile.Read(ref _dueAt) - _clock.GetTimestamp();
        if (rest <= 0)
        {
            Cancel(state, LimitFirst);
        }
        else if (rest < long.MaxValue / 2)
        {
            Arm(rest);
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

    private void Cancel(long state, long phase)
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
        Task cancelling;
        lock (_lock)
        {
            cancelling = _cancelling!;
        }

        Exception? thrown = null;
        try
        {
            await cancelling.Cfg();
        }
        catch (Exception exception)
        {
            // Of the callbacks on the token, which are the user's. The operation's end decides what is thrown.
            thrown = exception;
        }

        Dispose();
        return thrown;
    }

    private TimeoutException TimedOut(Exception? exception, in DeadlineTerms terms) =>
        terms.TimedOut(_limit, _clock.GetElapsedTime(_startedAt), exception);

    private void Dispose()
    {
        _timer?.Dispose();
        _source.Dispose();
    }
}
