using System.Diagnostics;

namespace AsyncKit;

/// <content>Who waits: queued, granted, taken out and used again.</content>
internal abstract partial class PermitQueue
{
    private static void Complete(PermitWaiter? waiter)
    {
        while (waiter is not null)
        {
            var next = waiter.Next; // Before it is completed: it may be queued again at once.
            waiter.Next = null;
            waiter.Complete();
            waiter = next;
        }
    }

    private bool TryAcquireSlow(out Lease lease)
    {
        lock (_lock)
        {
            Open();
            var isFree = !_isClosed && _first is null && Held < _limit;
            lease = isFree ? Take(LeaseTrace.Holder()) : default;
            Shut();
            return isFree;
        }
    }

    private ValueTask<Lease> WaitAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            Owner?.Left();
            return ValueTask.FromCanceled<Lease>(cancellationToken);
        }

        var holder = LeaseTrace.Holder();
        var waiter = timeout > TimeSpan.Zero ? new PermitWaiter(this, timeout) : null;
        Lease lease = default;
        Exception? error = null;
        lock (_lock)
        {
            Open();
            if (_isClosed)
            {
                error = Closed();
            }
            else if (_first is null && Held < _limit)
            {
                lease = Take(holder);
            }
            else if (timeout == TimeSpan.Zero)
            {
                error = TimedOut(timeout);
            }
            else
            {
                waiter ??= FreeWaiter();
                waiter.Prepare(holder);
                Enqueue(waiter);
            }

            Shut();
        }

        if (waiter is { IsPrepared: true })
        {
            return waiter.WaitAsync(cancellationToken);
        }

        waiter?.Drop();
        if (error is null)
        {
            return new ValueTask<Lease>(lease);
        }

        Owner?.Left();
        return ValueTask.FromException<Lease>(error);
    }

    /// <summary>First thing under the lock.</summary>
    private void Open()
    {
        if ((Volatile.Read(ref _state) & Slow) == 0)
        {
            _ = Interlocked.Or(ref _state, Slow);
        }

        AssertInvariants();
    }

    /// <summary>Last thing under the lock.</summary>
    private void Shut()
    {
        AssertInvariants();
        Debug.Assert(_first is null || Held >= _limit, "Somebody waits beside a free permit.");
        if (_first is null && _idle is null && !_isClosed)
        {
            State = Opened(_state);
        }
    }

    /// <returns>Who is to be completed outside of the lock.</returns>
    private PermitWaiter? Grant()
    {
        PermitWaiter? first = null;
        PermitWaiter? last = null;
        while (_first is { } waiter && Held < _limit)
        {
            Unlink(waiter);
            if (!waiter.TryEnd(PermitWaiter.End.Granted))
            {
                continue; // It was cancelled, and leaves by itself.
            }

            waiter.Grant(Take(waiter.Holder));
            _ = last is null ? first = waiter : last.Next = waiter;
            last = waiter;
        }

        return first;
    }

    private PermitWaiter FreeWaiter()
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
        Debug.Assert((_state & Slow) != 0, "The state is open to everybody.");
        Debug.Assert((_first is null) == (_last is null) && (_first is null) == (_waiting == 0), "The queue is torn.");
        Debug.Assert(!_isClosed || _first is null, "Somebody waits for what was closed.");
    }
}
