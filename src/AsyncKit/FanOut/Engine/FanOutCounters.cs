namespace AsyncKit;

/// <summary>Counts the items of a run by their state, each count on its own cache line.</summary>
/// <remarks>Read the completed counts before <see cref="Started"/>, so that their sum never exceeds it.</remarks>
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

    public void End(FanOutOutcomeKind kind) => Interlocked.Increment(
        ref kind == FanOutOutcomeKind.Succeeded ? ref _succeeded.Value
        : ref kind == FanOutOutcomeKind.Failed ? ref _failed.Value
        : ref _cancelled.Value);
}
