namespace AsyncKit.Http;

/// <summary>Counts all downloads of a run, and reports snapshots of them at intervals.</summary>
internal sealed class DownloadTotals
{
    private readonly SequentialProgress<DownloadAllProgress> _progress;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _interval;
    private readonly int? _totalFiles;
    private readonly long _startedAt;
    private long _reportedAt;
    private int _done;
    private int _failed;
    private int _active;
    private long _onDisk;
    private long _known;
    private long _received;

    public DownloadTotals(
        IProgress<DownloadAllProgress> progress, TimeSpan interval, TimeProvider clock, int? totalFiles)
    {
        _progress = new SequentialProgress<DownloadAllProgress>(progress);
        _interval = interval;
        _clock = clock;
        _totalFiles = totalFiles;
        _reportedAt = _startedAt = clock.GetTimestamp();
    }

    /// <summary>The exception of the progress receiver; null if it did not throw.</summary>
    public Exception? Failure => _progress.Failure;

    public void OnStarted()
    {
        _ = Interlocked.Increment(ref _active);
        Report();
    }

    public void OnCompleted(FanOutOutcomeKind kind)
    {
        _ = Interlocked.Decrement(ref _active); // Must be first: no snapshot may count a file twice.
        _ = kind switch
        {
            FanOutOutcomeKind.Succeeded => Interlocked.Increment(ref _done),
            FanOutOutcomeKind.Failed => Interlocked.Increment(ref _failed),
            _ => 0,
        };
        Report();
    }

    /// <summary>Adds the changes of one file.</summary>
    public void Add(long received, long onDisk, long known)
    {
        _ = Interlocked.Add(ref _received, received);
        _ = Interlocked.Add(ref _onDisk, onDisk);
        _ = Interlocked.Add(ref _known, known);
        Report();
    }

    /// <summary>Reports the last snapshot, after the last file.</summary>
    public ValueTask<Exception?> FinishAsync() => _progress.ReportAsync(static totals => totals.Snapshot(), this);

    private void Report()
    {
        var reportedAt = Volatile.Read(ref _reportedAt);
        var now = _clock.GetTimestamp();
        if (_clock.GetElapsedTime(reportedAt, now) >= _interval
            && Interlocked.CompareExchange(ref _reportedAt, now, reportedAt) == reportedAt)
        {
            _ = _progress.TryReport(static totals => totals.Snapshot(), this);
        }
    }

    private DownloadAllProgress Snapshot() => new(
        _totalFiles,
        Volatile.Read(ref _done),
        Volatile.Read(ref _failed),
        Volatile.Read(ref _active),
        Interlocked.Read(ref _onDisk),
        Interlocked.Read(ref _known),
        Interlocked.Read(ref _received),
        _clock.GetElapsedTime(_startedAt));
}
