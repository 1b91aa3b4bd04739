using System.Runtime.ExceptionServices;

namespace AsyncKit;

/// <summary>
/// Tells what the workers have counted at intervals, from a timer, then once more at the end. Nobody waits for the
/// receiver but the end of the run.
/// </summary>
/// <remarks>
/// Invariants:
/// (1) One report at a time: a tick that comes during another is left out.
/// (2) The last one is after all others, since the timer has ended by then, its running callback too.
/// (3) Each is counted from what ended, then what started: so no number ever goes back, and never more have ended than
/// started.
/// </remarks>
internal sealed class ProgressReporter
{
    private const double WeightOfTheLatest = 0.3; // Of the smoothed rate: some ten ticks back have no weight any more.

    private readonly IProgress<FanOutProgress> _receiver;
    private readonly FanOutCounters _counts;
    private readonly Func<int?> _total;
    private readonly TimeProvider _clock;
    private readonly long _startedAt;
    private readonly ITimer _timer;
    private int _isReporting;
    private double _rate; // Items that ended in a second; zero while unknown.
    private long _endedBefore;
    private TimeSpan _elapsedBefore;
    private Exception? _failure;

    public ProgressReporter(
        IProgress<FanOutProgress> receiver,
        TimeSpan interval,
        FanOutCounters counts,
        Func<int?> total,
        TimeProvider clock)
    {
        _receiver = receiver;
        _counts = counts;
        _total = total;
        _clock = clock;
        _startedAt = clock.GetTimestamp();
        _timer = clock.CreateTimer(static reporter => ((ProgressReporter)reporter!).Tick(), this, interval, interval);
    }

    /// <summary>After the last item: tells for the last time.</summary>
    /// <exception cref="Exception">What the receiver has thrown.</exception>
    public async ValueTask FinishAsync()
    {
        await _timer.DisposeAsync().NoContext();
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
            return; // A receiver that throws is not asked again; the run ends with what it threw.
        }

        try
        {
            _receiver.Report(Snapshot());
        }
        catch (Exception exception)
        {
            _failure = exception;
        }
    }

    private FanOutProgress Snapshot()
    {
        var (succeeded, failed) = (_counts.Succeeded, _counts.Failed);
        var ended = succeeded + failed + _counts.Cancelled;
        var started = _counts.Started;
        var elapsed = _clock.GetElapsedTime(_startedAt);
        var total = _total();
        Smooth(ended, elapsed);
        TimeSpan? remaining = total is { } all && _rate > 0
            ? TimeSpan.FromSeconds(Math.Max(all - ended, 0) / _rate)
            : null;
        return new FanOutProgress(
            total, started, succeeded, failed, _counts.Retried, started - ended, elapsed, remaining);
    }

    private void Smooth(long ended, TimeSpan elapsed)
    {
        var seconds = (elapsed - _elapsedBefore).TotalSeconds;
        if (seconds <= 0)
        {
            return;
        }

        var latest = (ended - _endedBefore) / seconds;
        _rate = _rate > 0
            ? (WeightOfTheLatest * latest) + ((1 - WeightOfTheLatest) * _rate)
            : ended / elapsed.TotalSeconds;
        (_endedBefore, _elapsedBefore) = (ended, elapsed);
    }
}
