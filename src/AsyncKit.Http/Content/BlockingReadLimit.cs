namespace AsyncKit.Http;

/// <summary>Limits synchronous reads. Such a read has no token to cancel, so the limit disposes the object that it reads
/// from, as <see cref="HttpClient"/> does. The blocked read then throws.</summary>
/// <remarks>
/// Invariants, under the lock:
/// (1) The timer is armed only while a read is running, so no timer remains when the stream is dropped.
/// (2) Either the read ends first, and its limit never disposes anything, or the limit does, and every later read
/// fails.
/// </remarks>
internal sealed class BlockingReadLimit(TimeProvider clock, IDisposable target) : IDisposable
{
    private readonly Lock _lock = new();
    private ITimer? _timer;
    private TimeSpan _limit;
    private long _startedAt;
    private bool _isRunning;
    private bool _isElapsed;

    /// <param name="limit">The limit of the read; more than zero and finite.</param>
    public void Start(TimeSpan limit)
    {
        lock (_lock)
        {
            _limit = limit;
            _startedAt = clock.GetTimestamp();
            _isRunning = true;
            _timer ??= CreateTimer();
            _ = _timer.Change(limit, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Ends the read.</summary>
    /// <returns>False if the limit ended it.</returns>
    public bool TryStop()
    {
        lock (_lock)
        {
            _isRunning = false;
            _ = _timer!.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            return !_isElapsed;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _timer?.Dispose();
        }
    }

    private void OnTimer()
    {
        lock (_lock)
        {
            // A callback of an earlier read may come late, and a timer may be early.
            var remaining = _limit - clock.GetElapsedTime(_startedAt);
            if (!_isRunning || _isElapsed)
            {
                return;
            }

            if (remaining > TimeSpan.Zero)
            {
                _ = _timer!.Change(remaining, Timeout.InfiniteTimeSpan);
                return;
            }

            _isElapsed = true;
        }

        try
        {
            target.Dispose(); // Outside the lock: it may block until the read ends.
        }
        catch (Exception)
        {
            // No caller is left that could receive it; the read reports the timeout.
        }
    }

    /// <summary>Captures no ExecutionContext, since the timer outlives the read.</summary>
    private ITimer CreateTimer()
    {
        using (ExecutionContext.IsFlowSuppressed() ? default(AsyncFlowControl?) : ExecutionContext.SuppressFlow())
        {
            return clock.CreateTimer(
                static limit => ((BlockingReadLimit)limit!).OnTimer(),
                this,
                Timeout.InfiniteTimeSpan,
                Timeout.InfiniteTimeSpan);
        }
    }
}
