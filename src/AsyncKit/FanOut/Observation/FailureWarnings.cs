namespace AsyncKit;

/// <summary>Limits the warnings about failed items of a run: one at once, then at most one per interval.</summary>
/// <remarks>Many workers call it at the same time. Nothing is logged under the lock.</remarks>
internal sealed class FailureWarnings(TimeProvider clock)
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private long? _lastAt;
    private long _suppressed;

    /// <summary>Returns true if the failure must be logged as a warning.</summary>
    /// <param name="suppressed">The number of failures since the last warning that were not logged as one.</param>
    public bool TryTake(out long suppressed)
    {
        var now = clock.GetTimestamp();
        lock (_lock)
        {
            suppressed = _suppressed;
            if (_lastAt is { } last && clock.GetElapsedTime(last, now) < Interval)
            {
                _suppressed++;
                return false;
            }

            (_lastAt, _suppressed) = (now, 0);
            return true;
        }
    }

    /// <summary>Returns the number of failures since the last warning; called after the last item.</summary>
    public long TakeSuppressed()
    {
        lock (_lock)
        {
            (var suppressed, _suppressed) = (_suppressed, 0);
            return suppressed;
        }
    }
}
