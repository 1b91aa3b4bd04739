using System.Threading.Tasks.Sources;

namespace AsyncKit;

/// <summary>
/// A place in a <see cref="PermitQueue"/>, used again for the next wait once its result was taken.
/// </summary>
/// <remarks>
/// Invariants:
/// (1) A wait is ended once: who changes the end from None by compare-and-swap completes it, and nobody else.
/// (2) It is granted or failed under the queue's lock, completed outside of it, and continues on the pool.
/// (3) Its registration and its timer belong to whoever asked: set before the task is handed out, disposed when its result
/// is taken. Until then a late callback finds the wait ended and does nothing.
/// (4) It is used again only if no callback can come any more: its registration was removed before it ran, and it had no
/// timer.
/// </remarks>
internal sealed class PermitWaiter : IValueTaskSource<Lease>
{
    private const long NotTimed = long.MinValue;

    private readonly PermitQueue _queue;
    private readonly TimeSpan _timeout;
    private readonly ITimer? _timer;
    private ManualResetValueTaskSourceCore<Lease> _core = new() { RunContinuationsAsynchronously = true };
    private CancellationToken _token;
    private CancellationTokenRegistration _registration;
    private Lease _lease;
    private Exception? _error;
    private long _start;
    private int _end;

    public PermitWaiter(PermitQueue queue)
    {
        _queue = queue;
        _timeout = Timeout.InfiniteTimeSpan;
    }

    /// <summary>With a limit of time. The timer is made before there is anything to undo, in case the clock
    /// throws.</summary>
    public PermitWaiter(PermitQueue queue, TimeSpan timeout)
    {
        _queue = queue;
        _timeout = timeout;
        _timer = queue.Clock.CreateTimer(
            static state => ((PermitWaiter)state!).TimeOut(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>How a wait ends.</summary>
    public enum End
    {
        None,
        Granted,
        Failed,
    }

    /// <summary>In the queue, in a list of those to complete or of those that are free; one at a time.</summary>
    public PermitWaiter? Next { get; set; }

    public PermitWaiter? Previous { get; set; }

    /// <summary>Changed under the queue's lock.</summary>
    public bool IsQueued { get; set; }

    /// <summary>How many are free from here on.</summary>
    public int Depth { get; set; }

    public string? Holder { get; private set; }

    /// <summary>Whether there is a wait.</summary>
    public bool IsPrepared { get; private set; }

    /// <summary>Before it is queued.</summary>
    public void Prepare(string? holder)
    {
        Holder = holder;
        _start = _queue.Owner is { TimesWaits: true } ? _queue.Clock.GetTimestamp() : NotTimed;
        _end = (int)End.None;
        IsPrepared = true;
    }

    /// <summary>Instead of a wait.</summary>
    public void Drop() => _timer?.Dispose();

    /// <summary>After it was queued, outside of the lock: a token that is cancelled already calls back at
    /// once.</summary>
    public ValueTask<Lease> WaitAsync(CancellationToken cancellationToken)
    {
        var task = new ValueTask<Lease>(this, _core.Version);
        _token = cancellationToken;
        if (cancellationToken.CanBeCanceled)
        {
            _registration = cancellationToken.UnsafeRegister(
                static (state, token) => ((PermitWaiter)state!).Cancel(token), this);
        }

        _ = _timer?.Change(_timeout, Timeout.InfiniteTimeSpan);
        return task;
    }

    /// <returns>False when somebody else has ended it.</returns>
    public bool TryEnd(End end) =>
        Interlocked.CompareExchange(ref _end, (int)end, (int)End.None) == (int)End.None;

    /// <summary>By whoever has ended it so.</summary>
    public void Grant(Lease lease) => _lease = lease;

    /// <summary>By whoever has ended it so.</summary>
    public void Fail(Exception error) => _error = error;

    /// <summary>By whoever has ended it, outside of the lock.</summary>
    public void Complete()
    {
        if (_error is { } error)
        {
            _queue.Owner?.Left();
            _core.SetException(error);
            return;
        }

        if (_start != NotTimed)
        {
            _queue.Owner!.Waited(_queue.Clock.GetElapsedTime(_start));
        }

        _core.SetResult(_lease); // The very last thing: it may be in the next wait already.
    }

    Lease IValueTaskSource<Lease>.GetResult(short token)
    {
        var mayBeUsedAgain = _core.GetStatus(token) != ValueTaskSourceStatus.Pending && Detach();
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            if (mayBeUsedAgain)
            {
                (_lease, _token, _registration, Holder) = (default, default, default, null);
                _core.Reset();
                _queue.Return(this);
            }
        }
    }

    ValueTaskSourceStatus IValueTaskSource<Lease>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<Lease>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    /// <summary>Never waits for a callback: where one has begun, the waiter is not used again.</summary>
    private bool Detach()
    {
        _timer?.Dispose();
        var isUnregistered = !_token.CanBeCanceled || _registration.Unregister();
        return isUnregistered && _timer is null && _error is null;
    }

    private void Cancel(CancellationToken token)
    {
        if (TryEnd(End.Failed))
        {
            Leave(new OperationCanceledException(token));
        }
    }

    private void TimeOut()
    {
        if (TryEnd(End.Failed))
        {
            Leave(_queue.TimedOut(_timeout));
        }
    }

    private void Leave(Exception error)
    {
        _queue.Remove(this);
        Fail(error);
        Complete();
    }
}
