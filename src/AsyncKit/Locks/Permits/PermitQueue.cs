using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <summary>
/// A queue for permits, first come first served: the one core of the lock, the gate and the pool. One permit for the lock
/// and many for the others differ in what the state is made of, and in nothing else.
/// </summary>
/// <remarks>
/// While nobody waits, taking and giving back is a compare-and-swap of the state, which the derived classes lay out.
/// Everything else happens under the lock, with the bit Slow set, which keeps everybody else off the state.
/// Invariants:
/// (1) Slow is set and cleared under the lock. While it is set, only whoever has the lock changes the state.
/// (2) While somebody is queued, Slow is set: nobody overtakes.
/// (3) When the lock is left, nobody is queued whose wait has not ended, or as many permits are held as the limit says or
/// more.
/// (4) Whatever changes what the state means to a reader, such as a limit or Slow, makes a compare-and-swap that began
/// before fail. So taking never exceeds the limit; only lowering it does.
/// (5) Who waits is in the queue until it is granted, or until whoever has ended the wait, or a grant that found it ended,
/// takes it out.
/// (6) Closed is final: nobody is queued afterwards, and Slow stays set.
/// Nothing is completed and no owner is called under the lock.
/// </remarks>
internal abstract partial class PermitQueue
{
    public const int MostPermits = 100_000;

    protected const ulong Slow = 1;

    private const int MostFreeWaiters = 1_024;


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
    private TaskCompletionSource<bool>? _idle;

    /// <param name="what">Says in messages what is waited for.</param>
    /// <param name="limit">How many permits there are.</param>
    /// <param name="owner">Who wants to know, if anybody. Each call that asks for a permit is told to have left
    /// once.</param>
    protected PermitQueue(string what, int limit, IPermitObserver? owner)
    {
        What = what;
        Owner = owner;
        _limit = limit;
    }

    /// <summary>Set before the queue is used.</summary>
    public string What { get; set; }

    /// <summary>For limits of time. Set before the queue is used.</summary>
    public TimeProvider Clock
    {
        get => AsyncEnvironment.Clock(field);
        set;
    } = TimeProvider.System;

    public IPermitObserver? Owner { get; }

    public int Held => HeldIn(State);

    public int Waiting => Volatile.Read(ref _waiting);

    public int Limit => Volatile.Read(ref _limit);

    public bool IsClosed => Volatile.Read(ref _isClosed);

    /// <summary>True while another permit could not be had at once.</summary>
    public bool IsFull => Held >= Limit || Waiting > 0;

    /// <summary>Which limit of an adaptive gate is in force.</summary>
    public int Epoch => Volatile.Read(ref _epoch);

    /// <summary>Who holds them, as far as leases are traced.</summary>
    public IReadOnlyList<string> Holders
    {
        get
        {
            lock (_lock)
            {
                return [.. HoldersNow()];
            }
        }
    }

    /// <summary>While Slow is set, written only under the lock.</summary>
    protected ulong State
    {
        get => Volatile.Read(ref _state);
        set => Volatile.Write(ref _state, value);
    }

    /// <summary>The message names what was waited for and how long.</summary>
    public TimeoutException TimedOut(TimeSpan timeout) => new($"{What} was not acquired within {timeout}.");

    public ObjectDisposedException Closed() => new(What, $"{What} was disposed.");

    public bool TryAcquire(out Lease lease)
    {
        if (TryTake(out lease) || TryAcquireSlow(out lease))
        {
            return true;
        }

        Owner?.Left();
        return false;
    }

    /// <summary>Arguments are checked by the caller.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ValueTask<Lease> AcquireAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (!cancellationToken.IsCancellationRequested && TryTake(out var lease))
        {
            return new ValueTask<Lease>(lease);
        }

        return WaitAsync(timeout, cancellationToken);
    }

    /// <summary>Takes out a wait that has ended without a permit.</summary>
    public void Remove(PermitWaiter waiter)
    {
        lock (_lock)
        {
            Open();
            if (waiter.IsQueued)
            {
                Unlink(waiter);
            }

            Shut();
        }
    }

    /// <summary>Without a lock: only the whole list is ever taken, so no stale head can be swapped in.</summary>
    public void Return(PermitWaiter waiter)
    {
        PermitWaiter? head;
        do
        {
            head = Volatile.Read(ref _returned);
            waiter.Depth = (head?.Depth ?? 0) + 1;
            waiter.Next = head;
        }
        while (waiter.Depth <= MostFreeWaiters
            && Interlocked.CompareExchange(ref _returned, waiter, head) != head);
    }

    /// <param name="limit">From now on.</param>
    /// <param name="control">Is told, if there is one.</param>
    public void SetLimit(int limit, AdaptiveController? control)
    {
        PermitWaiter? granted;
        lock (_lock)
        {
            Open();
            control?.Set(limit);
            Volatile.Write(ref _limit, limit);
            granted = Grant();
            Shut();
        }

        Complete(granted);
    }

    /// <summary>Lets the control of an adaptive gate decide on the limit.</summary>
    public void Adapt(AdaptiveController control, GateSignal signal, int epoch)
    {
        PermitWaiter? granted;
        lock (_lock)
        {
            Open();
            if (epoch == _epoch)
            {
                var limit = control.Next(signal, _first is not null || Held >= _limit, Clock);
                _epoch += limit < _limit ? 1 : 0;
                Volatile.Write(ref _limit, limit);
            }

            granted = Grant();
            Shut();
        }

        Complete(granted);
    }

    /// <summary>Ends when no permit is held.</summary>
    public Task WhenIdleAsync()
    {
        lock (_lock)
        {
            Open();
            var task = Held == 0 ? Task.CompletedTask : (_idle ??= AsyncEnvironment.NewCompletion<bool>()).Task;
            Shut();
            return task;
        }
    }

    /// <summary>Who waits and who comes later gets an <see cref="ObjectDisposedException"/>; who holds goes on.</summary>
    public void Close()
    {
        PermitWaiter? failed = null;
        lock (_lock)
        {
            Open();
            Volatile.Write(ref _isClosed, value: true);
            while (_last is { } waiter) // Backwards, so that the list is in order.
            {
                Unlink(waiter);
                if (waiter.TryEnd(PermitWaiter.End.Failed))
                {
                    waiter.Fail(Closed());
                    waiter.Next = failed;
                    failed = waiter;
                }
            }
        }

        Complete(failed);
    }

    public override string ToString()
    {
        var waiting = Waiting is > 0 and var many ? $", {many} waiting" : "";
        var holders = LeaseTrace.IsOn && Holders is [_, ..] all ? $"; held by {string.Join("; by ", all)}" : "";
        return waiting + holders;
    }

    /// <summary>Without the lock, unless somebody is at the queue.</summary>
    protected abstract bool TryTake(out Lease lease);

    /// <summary>Under the lock, when fewer are held than the limit says.</summary>
    protected abstract Lease Take(string? holder);

    protected abstract int HeldIn(ulong state);

    /// <summary>The state without Slow, from now on open to everybody.</summary>
    protected abstract ulong Opened(ulong state);

    protected abstract IEnumerable<string> HoldersNow();

    protected ulong CompareExchange(ulong state, ulong comparand) =>
        Interlocked.CompareExchange(ref _state, state, comparand);

    /// <summary>When the state is not open to everybody.</summary>
    /// <param name="putBack">Under the lock; false if there is nothing to put back.</param>
    /// <param name="argument">For it.</param>
    protected bool Release<T>(Func<PermitQueue, T, bool> putBack, T argument)
    {
        PermitWaiter? granted = null;
        TaskCompletionSource<bool>? idle = null;
        bool isReleased;
        lock (_lock)
        {
            Open();
            isReleased = putBack(this, argument);
            if (isReleased)
            {
                granted = Grant();
                if (Held == 0)
                {
                    (idle, _idle) = (_idle, null);
                }
            }

            Shut();
        }

        Complete(granted);
        if (idle is not null)
        {
            AsyncEnvironment.Complete(idle, result: true);
        }

        return isReleased;
    }
}
