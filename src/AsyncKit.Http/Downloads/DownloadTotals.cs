namespace AsyncKit.Http;

/// <summary>Counts the downloads of a run together, and tells the receiver of all at intervals.</summary>
internal sealed class DownloadTotals
{
    private readonly SequentialProgress<DownloadAllProgress> _receiver;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _interval;
    private readonly int? _totalFiles;
    private readonly long _startedAt;
    private long _toldAt;
    private int _done;
    private int _failed;
    private int _active;
    private long _onDisk;
    private long _known;
    private long _received;

    public DownloadTotals(
        IProgress<DownloadAllProgress> receiver, TimeSpan interval, TimeProvider clock, int? totalFiles)
    {
        _receiver = new SequentialProgress<DownloadAllProgress>(receiver);
        _interval = interval;
        _clock = clock;
        _totalFiles = totalFiles;
        _toldAt = _startedAt = clock.GetTimestamp();
    }

    /// <summary>What the receiver has thrown.</summary>
    public Exception? Failure => _receiver.Failure;

    public void OnStarted()
    {
        _ = Interlocked.Increment(ref _active);
        Report();
    }

    public void OnEnded(FanOutOutcomeKind kind)
    {
        _ = Interlocked.Decrement(ref _active); // First, so that no snapshot counts a file twice.
        _ = kind switch
        {
            FanOutOutcomeKind.Succeeded => Interlocked.Increment(ref _done),
            FanOutOutcomeKind.Failed => Interlocked.Increment(ref _failed),
            _ => 0,
        };
        Report();
    }

    /// <summary>What has changed for one file.</summary>
    public void Add(long received, long onDisk, long known)
    {
        _ = Interlocked.Add(ref _received, received);
        _ = Interlocked.Add(ref _onDisk, onDisk);
        _ = Interlocked.Add(ref _known, known);
        Report();
    }

    /// <summary>After the last file.</summary>
    public ValueTask<Exception?> FinishAsync() => _receiver.ReportAsync(static totals => totals.Snapshot(), this);

    private void Report()
    {
        var told = Volatile.Read(ref _toldAt);
        var now = _clock.GetTimestamp();
        if (_clock.GetElapsedTime(told, now) >= _interval
            && Interlocked.CompareExchange(ref _toldAt, now, told) == told)
        {
            _ = _receiver.TryReport(static totals => totals.Snapshot(), this);
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
