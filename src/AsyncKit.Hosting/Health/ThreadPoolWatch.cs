using Microsoft.Extensions.Hosting;

namespace AsyncKit.Hosting;

/// <summary>Measures how late a timer callback gets a thread of the thread pool, twice per second.</summary>
/// <remarks>Lifetime: from the start to the stop of the host. Each callback sets the timer for the next, so the error of a
/// timer does not add up.</remarks>
internal sealed class ThreadPoolWatch(TimeProvider clock) : IHostedService, IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan HalfWindow = TimeSpan.FromSeconds(15);

    private readonly Lock _lock = new();
    private ITimer? _timer;
    private long _armed;
    private long _halfStarted;
    private TimeSpan _peak;
    private TimeSpan _previousPeak;

    /// <summary>The highest latency of the last 15 s to 30 s, including that of a callback that is late now.</summary>
    public TimeSpan Latency
    {
        get
        {
            lock (_lock)
            {
                return _timer is null ? TimeSpan.Zero : Max(Max(_peak, _previousPeak), Late());
            }
        }
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _armed = _halfStarted = clock.GetTimestamp();
            _timer ??= clock.CreateTimer(static watch => ((ThreadPoolWatch)watch!).OnTimer(), this, Interval, Timeout.InfiniteTimeSpan);
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _timer?.Dispose();
            _timer = null;
        }
    }

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private TimeSpan Late() => Max(clock.GetElapsedTime(_armed) - Interval, TimeSpan.Zero);

    private void OnTimer()
    {
        lock (_lock)
        {
            if (_timer is null)
            {
                return;
            }

            if (clock.GetElapsedTime(_halfStarted) >= HalfWindow)
            {
                (_previousPeak, _peak, _halfStarted) = (_peak, TimeSpan.Zero, clock.GetTimestamp());
            }

            _peak = Max(_peak, Late());
            _armed = clock.GetTimestamp();
            _timer.Change(Interval, Timeout.InfiniteTimeSpan);
        }
    }
}
