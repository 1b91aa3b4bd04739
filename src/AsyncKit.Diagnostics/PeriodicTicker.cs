#pragma warning disable CA1001 // The event has a handle only if someone reads its WaitHandle.

namespace AsyncKit.Diagnostics;

/// <summary>
/// Calls back at intervals: on its own thread for the system clock, so that it also ticks while the thread pool starves;
/// from a timer for any other clock. Calls never overlap; a tick during another one is skipped.
/// </summary>
internal sealed class PeriodicTicker
{
    private readonly ManualResetEventSlim _stop = new();
    private readonly TimeSpan _interval;
    private readonly Action _onTick;
    private readonly Action _onStopped;
    private readonly ITimer? _timer;
    private readonly TaskCompletionSource<Unit> _completion = AsyncEnvironment.NewCompletion<Unit>();
    private int _isTicking;

    /// <param name="clock">The clock.</param>
    /// <param name="interval">The time between two ticks.</param>
    /// <param name="name">The name of the thread.</param>
    /// <param name="onTick">The callback for each tick.</param>
    /// <param name="onStopped">The callback after the last tick.</param>
    public PeriodicTicker(TimeProvider clock, TimeSpan interval, string name, Action onTick, Action onStopped)
    {
        _interval = interval;
        _onTick = onTick;
        _onStopped = onStopped;
        if (clock == TimeProvider.System)
        {
            new Thread(Run) { IsBackground = true, Name = name }.UnsafeStart();
        }
        else
        {
            _timer = clock.CreateTimer(static ticker => ((PeriodicTicker)ticker!).Tick(), this, interval, interval);
        }
    }

    /// <summary>A task that completes after the last callback.</summary>
    public Task Completion => _completion.Task;

    /// <summary>Must be called once.</summary>
    public void Stop()
    {
        _stop.Set();
        if (_timer is not null)
        {
            _ = StopTimerAsync(_timer);
        }
    }

    private async Task StopTimerAsync(ITimer timer)
    {
        await timer.DisposeAsync().NoContext();
        Complete();
    }

    private void Run()
    {
        while (!_stop.Wait(_interval))
        {
            _onTick();
        }

        Complete();
    }

    private void Tick()
    {
        if (Interlocked.Exchange(ref _isTicking, 1) == 0)
        {
            _onTick();
            Volatile.Write(ref _isTicking, 0);
        }
    }

    private void Complete()
    {
        _onStopped();
        AsyncEnvironment.Complete(_completion, default);
    }
}
