namespace AsyncKit;

/// <summary>Reports a slow item of one worker at most once, with one timer for all items of the worker.</summary>
/// <remarks>
/// The timer callback may run after the next item has started. That item has not exceeded the threshold, so the
/// callback arms the timer for the remaining time. Reports are made outside the lock.
/// </remarks>
internal sealed class SlowItemWatch<T>(FanOutObserver<T> observer, TimeSpan threshold, TimeProvider clock) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private ITimer? _timer;
    private bool _isArmed;
    private T _item = default!;
    private long _index;
    private long _startedAt;

    public void Arm(long index, T item)
    {
        lock (_lock)
        {
            (_isArmed, _item, _index) = (true, item, index);
            _startedAt = clock.GetTimestamp();
        }

        if (_timer is null)
        {
            CreateTimer();
        }

        _ = _timer!.Change(threshold, Timeout.InfiniteTimeSpan);
    }

    public void Disarm()
    {
        lock (_lock)
        {
            (_isArmed, _item) = (false, default!);
        }

        _ = _timer?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public ValueTask DisposeAsync() => _timer?.DisposeAsync() ?? default;

    /// <summary>Creates the timer in the context of the run: its callback must not see what the first item set.</summary>
    private void CreateTimer()
    {
        if (observer.Context is { } context)
        {
            ExecutionContext.Run(context, static watch => ((SlowItemWatch<T>)watch!).CreateTimerHere(), this);
        }
        else
        {
            CreateTimerHere();
        }
    }

    private void CreateTimerHere() => _timer = clock.CreateTimer(
        static watch => ((SlowItemWatch<T>)watch!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    private void OnTimer()
    {
        T item;
        long index;
        TimeSpan elapsed;
        lock (_lock)
        {
            if (!_isArmed)
            {
                return;
            }

            elapsed = clock.GetElapsedTime(_startedAt);
            if (elapsed < threshold)
            {
                var rest = Math.Ceiling((threshold - elapsed).TotalMilliseconds);
                _ = _timer!.Change(TimeSpan.FromMilliseconds(rest), Timeout.InfiniteTimeSpan);
                return;
            }

            _isArmed = false;
            (item, index) = (_item, _index);
        }

        observer.OnSlow(item, index, elapsed);
    }
}
