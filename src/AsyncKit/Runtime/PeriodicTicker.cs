namespace AsyncKit;

/// <summary>
/// Calls at intervals: from a thread of its own when the clock is the system's, so that it comes also when the pool
/// starves; from a timer of any other clock. One call at a time; a tick that comes during another is left out.
/// </summary>
internal sealed class PeriodicTicker
{
    private readonly object _lock = new();
    private readonly TimeSpan _interval;
    private readonly Action _tick;
    private readonly Action _last;
    private readonly ITimer? _timer;
    private readonly TaskCompletionSource<Unit> _end = AsyncEnvironment.NewCompletion<Unit>();
    private bool _isStopped;
    private int _isTicking;

    // The last call comes after the last tick.
    public PeriodicTicker(TimeProvider clock, TimeSpan interval, string name, Action tick, Action last)
    {
        _interval = interval;
        _tick = tick;
        _last = last;
        if (clock == TimeProvider.System)
        {
            new Thread(Run) { IsBackground = true, Name = name }.UnsafeStart();
        }
        else
        {
            _timer = clock.CreateTimer(static pulse => ((PeriodicTicker)pulse!).Tick(), this, interval, interval);
        }
    }

    /// <summary>Ends after the last call.</summary>
    public Task End => _end.Task;

    public void Stop()
    {
        lock (_lock)
        {
            if (_isStopped)
            {
                return;
            }

            _isStopped = true;
            Monitor.PulseAll(_lock);
        }

        if (_timer is not null)
        {
            _ = StopTimerAsync(_timer);
        }
    }

    private async Task StopTimerAsync(ITimer timer)
    {
        await timer.DisposeAsync().NoContext();
        Finish();
    }

    private void Run()
    {
        while (!HasStopped())
        {
            _tick();
        }

        Finish();
    }

    private void Tick()
    {
        if (Interlocked.Exchange(ref _isTicking, 1) == 0)
        {
            _tick();
            Volatile.Write(ref _isTicking, 0);
        }
    }

    private void Finish()
    {
        _last();
        AsyncEnvironment.Complete(_end, default);
    }

    /// <summary>Waits for the next tick, or the end.</summary>
    private bool HasStopped()
    {
        lock (_lock)
        {
            return _isStopped || (Monitor.Wait(_lock, _interval) && _isStopped);
        }
    }
}
