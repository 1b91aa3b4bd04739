using System.Runtime.ExceptionServices;

namespace AsyncKit;

/// <summary>
/// Reports the counters of a run at intervals, from a timer, and once at the end. The workers never wait for the
/// receiver. Only the end of the run does.
/// </summary>
/// <remarks>
/// Invariants:
/// (1) One report at a time: a tick during another report is skipped.
/// (2) The final report comes last, because disposing the timer waits for a running callback.
/// (3) A snapshot reads the completed items before the started ones. So no number decreases, and never more items have
/// completed than started.
/// </remarks>
internal sealed class ProgressReporter(
    IProgress<FanOutProgress> receiver, FanOutCounters counters, Func<int?> total, TimeProvider clock)
{
    private const double WeightOfLatest = 0.3; // Of the smoothed rate. About ten ticks later a rate has no weight.

    private readonly long _startedAt = clock.GetTimestamp();
    private ITimer? _timer;
    private int _isReporting;
    private double _rate; // Completed items per second; zero while unknown.
    private long _lastCompleted;
    private TimeSpan _lastElapsed;
    private Exception? _failure;

    public void Start(TimeSpan interval) => _timer = clock.CreateTimer(
        static reporter => ((ProgressReporter)reporter!).Tick(), this, interval, interval);

    /// <summary>Makes the final report. Called after the last item.</summary>
    /// <exception cref="Exception">The exception of the receiver.</exception>
    public async ValueTask FinishAsync()
    {
        await _timer!.DisposeAsync().NoContext();
        Report();
        if (_failure is not null)
        {
            ExceptionDispatchInfo.Throw(_failure);
        }
    }

    private void Tick()
    {
        if (Interlocked.CompareExchange(ref _isReporting, 1, 0) == 0)
        {
            Report();
            Volatile.Write(ref _isReporting, 0);
        }
    }

    private void Report()
    {
        if (_failure is not null)
        {
            return; // A receiver that throws is not called again. The run ends with its exception.
        }

        try
        {
            receiver.Report(Snapshot());
        }
        catch (Exception exception)
        {
            _failure = exception;
        }
    }

    private FanOutProgress Snapshot()
    {
        var (succeeded, failed) = (counters.Succeeded, counters.Failed);
        var completed = succeeded + failed + counters.Cancelled;
        var started = counters.Started;
        var elapsed = clock.GetElapsedTime(_startedAt);
        var count = total();
        SmoothRate(completed, elapsed);
        return new FanOutProgress(
            count, started, succeeded, failed, counters.Retried, started - completed, elapsed, Remaining(count, completed));
    }

    /// <summary>Returns null if the time is unknown, or too long for a <see cref="TimeSpan"/>: while no item completes,
    /// the smoothed rate approaches zero.</summary>
    private TimeSpan? Remaining(int? count, long completed)
    {
        var seconds = count is { } all && _rate > 0 ? Math.Max(all - completed, 0) / _rate : double.PositiveInfinity;
        return seconds < TimeSpan.MaxValue.TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;
    }

    private void SmoothRate(long completed, TimeSpan elapsed)
    {
        var seconds = (elapsed - _lastElapsed).TotalSeconds;
        if (seconds > 0)
        {
            var latest = (completed - _lastCompleted) / seconds;
            _rate = _rate > 0
                ? (WeightOfLatest * latest) + ((1 - WeightOfLatest) * _rate)
                : completed / elapsed.TotalSeconds;
            (_lastCompleted, _lastElapsed) = (completed, elapsed);
        }
    }
}
