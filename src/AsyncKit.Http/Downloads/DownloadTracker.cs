namespace AsyncKit.Http;

/// <summary>Counts the bytes of one download, and reports snapshots at intervals.</summary>
internal sealed class DownloadTracker(DownloadContext context, Uri uri, string path)
{
    private readonly long _startedAt = context.Clock.GetTimestamp();
    private long _reportedAt = context.Clock.GetTimestamp();
    private long _onDisk;
    private long? _total;
    private bool _isLast;

    /// <summary>The number of bytes that this call received.</summary>
    public long Received { get; private set; }

    public TimeSpan Elapsed => context.Clock.GetElapsedTime(_startedAt);

    /// <summary>Sets the state without a report.</summary>
    public void Set(long onDisk, long? total, long received = 0)
    {
        context.Totals?.Add(received, onDisk - _onDisk, (total ?? 0) - (_total ?? 0));
        (_onDisk, _total) = (onDisk, total);
        Received += received;
    }

    /// <summary>Adds received bytes, and reports a snapshot if the interval elapsed.</summary>
    /// <returns>The exception of the progress receiver if it threw; otherwise, null.</returns>
    public Exception? Add(long onDisk, long? total, long received)
    {
        Set(onDisk, total, received);
        if (context.Progress is null)
        {
            return null;
        }

        var now = context.Clock.GetTimestamp();
        if (context.Clock.GetElapsedTime(_reportedAt, now) < context.Options.ProgressInterval)
        {
            return null;
        }

        _reportedAt = now;
        return context.Progress.TryReport(static tracker => tracker.Snapshot(), this);
    }

    /// <summary>Reports the last snapshot.</summary>
    /// <inheritdoc cref="Add" path="/returns"/>
    public ValueTask<Exception?> FinishAsync()
    {
        _isLast = true;
        return context.Progress is null
            ? default
            : context.Progress.ReportAsync(static tracker => tracker.Snapshot(), this);
    }

    private DownloadProgress Snapshot() => new(uri, path, _onDisk, _total, Received, Elapsed) { IsLast = _isLast };
}
