using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <summary>
/// The first-in-first-out queue for permits that the locks, the gate and the pool share. Derived classes define the
/// layout of the state and nothing else.
/// </summary>
/// <remarks>
/// Lifetime: that of its lock, gate or pool. Without waiters, one compare-and-swap of the state acquires a permit and
/// another one releases it. Everything else happens under the lock. Then the bit SlowPath is set, and all other threads
/// have to take the lock.
/// <para>
/// Invariants:
/// (1) SlowPath is set and cleared under the lock. While it is set, only the thread with the lock changes the state.
/// (2) SlowPath is set while a waiter is queued, so no caller overtakes a waiter.
/// (3) When the lock is released, a waiter is queued only if at least as many permits are held as the limit allows. A
/// limit of zero allows none.
/// (4) A change of the limit or of SlowPath makes every compare-and-swap that started before it fail. So acquiring
/// never exceeds the limit; only lowering the limit does.
/// (5) A waiter is queued until it is granted, or until it is removed by the thread that ended it, by a grant that
/// found it ended, or by closing.
/// (6) Closing is final: afterwards no waiter is queued, and SlowPath stays set.
/// (7) No waiter is completed and no observer is called under the lock. Only <see cref="Adapt"/> reads the clock there.
/// </para>
/// </remarks>
internal abstract class PermitQueue
{
    public const int MaxPermits = 100_000;

    protected const ulong SlowPath = 1;

    private const int MaxFreeWaiters = 1_024;

    private readonly Lock _lock = new();
    private ulong _state;
    private int _limit;
    private int _epoch;
    private int _waiting;
    private bool _isClosed;
    private PermitWaiter? _first;
    private PermitWaiter? _last;
    private PermitWaiter? _free;
    private PermitWaiter? _returned;
    private TaskCompletionSource<Unit>? _idle;

    protected PermitQueue(string displayName, int limit, IPermitObserver? observer)
    {
        DisplayName = displayName;
        Observer = observer;
        _limit = limit;
    }

    /// <summary>The name in messages of the object that is acquired. Set before the queue is used.</summary>
    public string DisplayName { get; set; }

    /// <summary>The clock for timeouts. Set before the queue is used.</summary>
    public TimeProvider Clock
    {
        get => AsyncEnvironment.Clock(field);
        set;
    } = TimeProvider.System;

    public IPermitObserver? Observer { get; }

    public int Held => HeldIn(State);

    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>The end of a description: the number of waiters, if any.</summary>
    public string WaitingText => Waiting is > 0 and var waiting ? $", {waiting} waiting" : "";

    public int Limit => Volatile.Read(ref _limit);

    public bool IsClosed => Volatile.Read(ref _isClosed);

    /// <summary>Whether another caller would have to wait for a permit.</summary>
    public bool IsFull => Held >= Limit || Waiting > 0;

    /// <summary>The number of times that an adaptive limit decreased.</summary>
    public int Epoch => Volatile.Read(ref _epoch);

    /// <summary>While SlowPath is set, written only under the lock.</summary>
    protected ulong State
    {
        get => Volatile.Read(ref _state);
        set => Volatile.Write(ref _state, value);
    }

    /// <summary>Whether a permit is free; under the lock.</summary>
    private bool IsAvailable => !_isClosed && _first is null && Held < _limit;

    public TimeoutException NewTimeoutException(TimeSpan timeout) =>
        new($"{DisplayName} was not acquired within {TimeText.Of(timeout)}.");

    public ObjectDisposedException NewClosedException() => new(DisplayName, $"{DisplayName} was disposed.");

    public bool TryAcquire(out Lease lease)
    {
        if (TryTake(out lease))
        {
            return true;
        }

        using (EnterExclusive())
        {
            if (IsAvailable)
            {
                lease = Take();
                return true;
            }
        }

        Observer?.CallerLeft();
        return false;
    }

    /// <summary>Waits for a permit. The caller checks the arguments.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ValueTask<Lease> AcquireAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (!cancellationToken.IsCancellationRequested && TryTake(out var lease))
        {
            return new ValueTask<Lease>(lease);
        }

        return WaitAsync(timeout, cancellationToken);
    }

    /// <summary>Removes a waiter that ended without a permit.</summary>
    public void Remove(PermitWaiter waiter)
    {
        using (EnterExclusive())
        {
            if (waiter.IsQueued)
            {
                Unlink(waiter);
            }
        }
    }

    /// <summary>Returns a waiter for reuse. Needs no lock: only the whole list is ever taken, so a stale head cannot be
    /// swapped in.</summary>
    public void Return(PermitWaiter waiter)
    {
        PermitWaiter? head;
        do
        {
            head = Volatile.Read(ref _returned);
            waiter.Depth = (head?.Depth ?? 0) + 1;
            waiter.Next = head;
        }
        while (waiter.Depth <= MaxFreeWaiters
            && Interlocked.CompareExchange(ref _returned, waiter, head) != head);
    }

    public void SetLimit(int limit, AdaptiveController? controller)
    {
        using (EnterExclusive())
        {
            if (limit > 0)
            {
                controller?.Set(limit);
            }

            Volatile.Write(ref _limit, limit);
        }
    }

    /// <summary>Updates an adaptive limit. Ignores a lease that was acquired before the limit last decreased, and every
    /// lease while the gate is paused.</summary>
    public void Adapt(AdaptiveController controller, GateSignal signal, int epoch)
    {
        using (EnterExclusive())
        {
            if (epoch == _epoch && _limit > 0)
            {
                var limit = controller.Update(signal, _first is not null || Held >= _limit, Clock);
                _epoch += limit < _limit ? 1 : 0;
                Volatile.Write(ref _limit, limit);
            }
        }
    }

    /// <returns>A task that completes when no permit is held.</returns>
    public Task WhenIdleAsync()
    {
        Task idle;
        using (EnterExclusive())
        {
            idle = Held == 0 ? Task.CompletedTask : (_idle ??= AsyncEnvironment.NewCompletion<Unit>()).Task;
        }

        return idle;
    }

    /// <summary>Fails all waiters and all later callers with an <see cref="ObjectDisposedException"/>. Held permits
    /// stay held.</summary>
    public void Close()
    {
        PermitWaiter? failed = null;
        using (EnterExclusive())
        {
            Volatile.Write(ref _isClosed, value: true);
            while (_last is { } waiter) // Backwards, so that the list is in order.
            {
                Unlink(waiter);
                if (waiter.TryEnd())
                {
                    waiter.Error = NewClosedException();
                    waiter.Next = failed;
                    failed = waiter;
                }
            }
        }

        Complete(failed);
    }

    /// <summary>Acquires a free permit without the lock, unless SlowPath is set.</summary>
    protected abstract bool TryTake(out Lease lease);

    /// <summary>Acquires a permit under the lock, when fewer permits are held than the limit allows.</summary>
    protected abstract Lease Take();

    protected abstract int HeldIn(ulong state);

    protected abstract ulong WithoutSlowPath(ulong state);

    protected ulong CompareExchange(ulong state, ulong comparand) =>
        Interlocked.CompareExchange(ref _state, state, comparand);

    /// <summary>Takes the lock and sets SlowPath. Disposing the result grants free permits, clears SlowPath if
    /// possible, releases the lock and completes the granted waiters.</summary>
    protected Exclusive EnterExclusive()
    {
        _ = _lock.EnterUninterrupted(); // An interrupt would lose the permit that the caller releases.
        if ((State & SlowPath) == 0)
        {
            _ = Interlocked.Or(ref _state, SlowPath);
        }

        AssertInvariants();
        return new Exclusive(this);
    }

    private static void Complete(PermitWaiter? waiter)
    {
        while (waiter is not null)
        {
            var next = waiter.Next; // Read before completing: the waiter may be reused at once.
            waiter.Next = null;
            waiter.Complete();
            waiter = next;
        }
    }

    private void ExitExclusive()
    {
        PermitWaiter? granted;
        TaskCompletionSource<Unit>? idle = null;
        try
        {
            granted = Grant();
            if (Held == 0)
            {
                (idle, _idle) = (_idle, null);
            }

            AssertInvariants();
            Debug.Assert(_first is null || Held >= _limit, "A permit is free while a waiter is queued.");
            if (_first is null && _idle is null && !_isClosed)
            {
                State = WithoutSlowPath(_state);
            }
        }
        finally
        {
            _lock.Exit();
        }

        Complete(granted);
        if (idle is not null)
        {
            AsyncEnvironment.Complete(idle, default);
        }
    }

    /// <returns>The list of the waiters to complete outside the lock.</returns>
    private PermitWaiter? Grant()
    {
        PermitWaiter? first = null;
        PermitWaiter? last = null;
        while (_first is { } waiter && Held < _limit)
        {
            Unlink(waiter);
            if (!waiter.TryEnd())
            {
                continue; // The thread that cancelled it completes it.
            }

            waiter.Lease = Take();
            _ = last is null ? first = waiter : last.Next = waiter;
            last = waiter;
        }

        return first;
    }

    private ValueTask<Lease> WaitAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            Observer?.CallerLeft();
            return ValueTask.FromCanceled<Lease>(cancellationToken);
        }

        long? startedAt;
        PermitWaiter? timed;
        try
        {
            startedAt = Observer is { MeasuresWaits: true } ? Clock.GetTimestamp() : null;
            timed = timeout > TimeSpan.Zero ? new PermitWaiter(this, timeout) : null;
        }
        catch (Exception exception)
        {
            Observer?.CallerLeft(); // The clock threw. The caller must not stay counted.
            return ValueTask.FromException<Lease>(exception);
        }

        PermitWaiter? waiter = null;
        Lease lease = default;
        Exception? error = null;
        using (EnterExclusive())
        {
            if (_isClosed)
            {
                error = NewClosedException();
            }
            else if (IsAvailable)
            {
                lease = Take();
            }
            else if (timeout == TimeSpan.Zero)
            {
                error = NewTimeoutException(timeout);
            }
            else
            {
                waiter = timed ?? GetFreeWaiter();
                waiter.Prepare(startedAt);
                Enqueue(waiter);
            }
        }

        if (waiter is not null)
        {
            return waiter.WaitAsync(cancellationToken);
        }

        timed?.DisposeTimer();
        if (error is null)
        {
            return new ValueTask<Lease>(lease);
        }

        Observer?.CallerLeft();
        return ValueTask.FromException<Lease>(error);
    }

    private PermitWaiter GetFreeWaiter()
    {
        _free ??= Interlocked.Exchange(ref _returned, null);
        if (_free is not { } waiter)
        {
            return new PermitWaiter(this);
        }

        _free = waiter.Next;
        waiter.Next = null;
        return waiter;
    }

    private void Enqueue(PermitWaiter waiter)
    {
        waiter.IsQueued = true;
        waiter.Previous = _last;
        _ = _last is null ? _first = waiter : _last.Next = waiter;
        _last = waiter;
        Volatile.Write(ref _waiting, _waiting + 1);
    }

    private void Unlink(PermitWaiter waiter)
    {
        _ = waiter.Previous is { } previous ? previous.Next = waiter.Next : _first = waiter.Next;
        _ = waiter.Next is { } next ? next.Previous = waiter.Previous : _last = waiter.Previous;
        (waiter.Next, waiter.Previous, waiter.IsQueued) = (null, null, false);
        Volatile.Write(ref _waiting, _waiting - 1);
    }

    [Conditional("DEBUG")]
    private void AssertInvariants()
    {
        Debug.Assert(_lock.IsHeldByCurrentThread, "The lock is not held.");
        Debug.Assert((_state & SlowPath) != 0, "SlowPath is not set under the lock.");
        Debug.Assert((_first is null) == (_last is null), "The queue has only one end.");
        Debug.Assert((_first is null) == (_waiting == 0), "The number of waiters is wrong.");
        Debug.Assert(!_isClosed || _first is null, "A waiter is queued after closing.");
    }

    /// <summary>The scope in which a thread has the lock and SlowPath is set.</summary>
    protected readonly ref struct Exclusive(PermitQueue queue)
    {
        public void Dispose() => queue.ExitExclusive();
    }
}
