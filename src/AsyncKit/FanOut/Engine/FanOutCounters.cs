namespace AsyncKit;

/// <summary>How many items came how far; each number on a cache line of its own.</summary>
/// <remarks>Read what ended first, then what started: so never more have ended than started.</remarks>
internal sealed class FanOutCounters
{
    private PaddedLong _started;
    private PaddedLong _succeeded;
    private PaddedLong _failed;
    private PaddedLong _cancelled;
    private PaddedLong _retried;

    public long Started => Volatile.Read(ref _started.Value);

    public long Succeeded => Volatile.Read(ref _succeeded.Value);

    public long Failed => Volatile.Read(ref _failed.Value);

    public long Cancelled => Volatile.Read(ref _cancelled.Value);

    public long Retried => Volatile.Read(ref _retried.Value);

    public void Start() => Interlocked.Increment(ref _started.Value);

    public void Retry() => Interlocked.Increment(ref _retried.Value);

    public void End(FanOutOutcomeKind kind)
    {
        switch (kind)
        {
            case FanOutOutcomeKind.Succeeded:
                Interlocked.Increment(ref _succeeded.Value);
                break;
            case FanOutOutcomeKind.Failed:
                Interlocked.Increment(ref _failed.Value);
                break;
            default:
                Interlocked.Increment(ref _cancelled.Value);
                break;
        }
    }
}
