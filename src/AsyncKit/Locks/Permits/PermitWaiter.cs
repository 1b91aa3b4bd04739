using System.Threading.Tasks.Sources;

namespace AsyncKit;

/// <summary>A caller that waits in a <see cref="PermitQueue"/>.</summary>
/// <remarks>
/// Lifetime: one wait after the other. It returns to the queue when the caller takes the result.
/// <para>
/// Invariants:
/// (1) A wait ends once. Only the thread for which <see cref="TryEnd"/> returned true completes it.
/// (2) It is granted or closed under the queue's lock and completed outside it, and its continuation runs on the thread
/// pool.
/// (3) The waiting caller owns its registration and its timer. They are set before the task is returned and disposed
/// when the result is taken. A late callback finds the wait ended and does nothing.
/// (4) It is reused only if no callback can follow: its registration was removed before the callback ran, and it has no
/// timer.
/// </para>
/// </remarks>
internal sealed class PermitWaiter : IValueTaskSource<Lease>
{
    private readonly PermitQueue _queue;
    private readonly TimeSpan _timeout = Timeout.InfiniteTimeSpan;
    private readonly ITimer? _timer;
    private ManualResetValueTaskSourceCore<Lease> _core = new() { RunContinuationsAsynchronously = true };
    private CancellationToken _token;
    private CancellationTokenRegistration _registration;
    private long? _startedAt;
    private bool _isEnded;

    public PermitWaiter(PermitQueue queue) => _queue = queue;

    /// <summary>Creates a waiter with a timeout. Creates the timer first, while there is nothing to undo: a
    /// user-supplied clock may throw.</summary>
    public PermitWaiter(PermitQueue queue, TimeSpan timeout)
        : this(queue)
    {
        _timeout = timeout;
        _timer = queue.Clock.CreateTimer(
            static state => ((PermitWaiter)state!).TimeOut(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The next waiter in the one list that contains this one: the queue, the waiters to complete, or the free
    /// waiters.</summary>
    public PermitWaiter? Next { get; set; }

    public PermitWaiter? Previous { get; set; }

    /// <summary>Changed under the queue's lock.</summary>
    public bool IsQueued { get; set; }

    /// <summary>The length of the list of free waiters that starts here.</summary>
    public int Depth { get; set; }

    /// <summary>The result; set by the thread that ended the wait.</summary>
    public Lease Lease { get; set; }

    /// <summary>The failure; set by the thread that ended the wait.</summary>
    public Exception? Error { get; set; }

    /// <summary>Starts a wait, before the waiter is queued.</summary>
    /// <param name="startedAt">The current timestamp; null if the wait is not measured.</param>
    public void Prepare(long? startedAt)
    {
        _startedAt = startedAt;
        _isEnded = false;
    }

    /// <summary>Disposes the timer of a waiter that is not queued.</summary>
    public void DisposeTimer()
    {
        try
        {
            _timer?.Dispose();
        }
        catch (Exception)
        {
            // A timer of a user-supplied clock that throws must not lose the permit that the caller got.
        }
    }

    /// <summary>Called after the waiter was queued, outside the lock: a token that is cancelled already calls back at
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

        try
        {
            _ = _timer?.Change(_timeout, Timeout.InfiniteTimeSpan);
        }
        catch (Exception exception) when (TryEnd())
        {
            Fail(exception); // The clock threw. A permit must not be granted to a caller that does not wait.
        }
        catch (Exception)
        {
            // Another thread ended the wait and completes it.
        }

        return task;
    }

    /// <returns>True if the caller ended the wait; false if another thread did.</returns>
    public bool TryEnd() => !Interlocked.Exchange(ref _isEnded, true);

    /// <summary>Called by the thread that ended the wait, outside the lock. Never throws.</summary>
    public void Complete()
    {
        var (lease, error) = (Lease, Error);
        if (error is not null)
        {
            _queue.Observer?.CallerLeft();
        }
        else if (_startedAt is { } startedAt)
        {
            ReportWait(startedAt);
        }

        try
        {
            if (error is null)
            {
                _core.SetResult(lease); // Must be last: the waiter may be reused at once.
            }
            else
            {
                _core.SetException(error);
            }
        }
        catch (Exception)
        {
            // The SynchronizationContext of the waiting caller rejected its continuation, so that caller never gets the
            // permit. The thread that released it, and the waiters behind, must not suffer.
            lease.Dispose();
        }
    }

    Lease IValueTaskSource<Lease>.GetResult(short token)
    {
        var isReusable = _core.GetStatus(token) != ValueTaskSourceStatus.Pending && Detach();
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            if (isReusable)
            {
                (Lease, _token, _registration) = (default, default, default);
                _core.Reset();
                _queue.Return(this);
            }
        }
    }

    ValueTaskSourceStatus IValueTaskSource<Lease>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<Lease>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    /// <summary>Disposes the timer and the registration without waiting for a callback.</summary>
    /// <returns>Whether the waiter can be reused: no callback has started.</returns>
    private bool Detach()
    {
        DisposeTimer();
        var isUnregistered = !_token.CanBeCanceled || _registration.Unregister();
        return isUnregistered && _timer is null && Error is null;
    }

    private void ReportWait(long startedAt)
    {
        try
        {
            _queue.Observer!.WaitCompleted(_queue.Clock.GetElapsedTime(startedAt));
        }
        catch (Exception)
        {
            // A clock or a listener that throws must lose neither the permit nor the waiters behind it.
        }
    }

    private void Cancel(CancellationToken token)
    {
        if (TryEnd())
        {
            Fail(new OperationCanceledException(token));
        }
    }

    private void TimeOut()
    {
        if (TryEnd())
        {
            Fail(_queue.NewTimeoutException(_timeout));
        }
    }

    private void Fail(Exception error)
    {
        _queue.Remove(this);
        Error = error;
        Complete();
    }
}
