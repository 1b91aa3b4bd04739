namespace AsyncKit.Http;

/// <summary>Counts the bytes of one download, and tells whoever wants to know at intervals.</summary>
internal sealed class DownloadTracker(DownloadContext terms, Uri uri, string path)
{
    private readonly long _startedAt = terms.Clock.GetTimestamp();
    private long _toldAt = terms.Clock.GetTimestamp();
    private long _onDisk;
    private long? _total;
    private bool _isLast;

    /// <summary>By this call.</summary>
    public long Received { get; private set; }

    public TimeSpan Elapsed => terms.Clock.GetElapsedTime(_startedAt);

    /// <summary>What is known without anything having been received.</summary>
    public void Set(long onDisk, long? total, long received = 0)
    {
        terms.Totals?.Add(received, onDisk - _onDisk, (total ?? 0) - (_total ?? 0));
        (_onDisk, _total) = (onDisk, total);
        Received += received;
    }

    /// <returns>What the receiver of the file's progress has thrown; null mostly.</returns>
    public Exception? Add(long onDisk, long? total, long received)
    {
        Set(onDisk, total, received);
        if (terms.Receiver is null)
        {
            return null;
        }

        var now = terms.Clock.GetTimestamp();
        if (terms.Clock.GetElapsedTime(_toldAt, now) < terms.Options.ProgressInterval)
        {
            return null;
        }

        _toldAt = now;
        return terms.Receiver.TryReport(static tracker => tracker.Snapshot(), this);
    }

    /// <inheritdoc cref="Add"/>
    public ValueTask<Exception?> FinishAsync()
    {
        _isLast = true;
        return terms.Receiver is null
            ? default
            : terms.Receiver.ReportAsync(static tracker => tracker.Snapshot(), this);
    }

    private DownloadProgress Snapshot() => new(uri, path, _onDisk, _total, Received, Elapsed) { IsLast = _isLast };
}
