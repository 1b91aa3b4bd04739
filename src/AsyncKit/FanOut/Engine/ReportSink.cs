namespace AsyncKit;

/// <summary>Keeps the outcome of every item by index, for a report.</summary>
internal sealed class ReportSink<T, TResult>(IndexedSource<T>? indexed, PulledSource<T>? pulled)
    : FanOutSink<T, TResult>
{
    private readonly ResultBuffer<FanOutOutcome<T, TResult>> _outcomes =
        indexed is null ? new(expected: null) : new(indexed.Count);

    public override FailureMode DefaultOnFailure => FailureMode.RunToEnd;

    public override bool NeedsDuration => true;

    public override bool Put(
        long index, T item, FanOutOutcomeKind kind, TResult result, Exception? exception, ItemState? state)
    {
        _outcomes.Store(checked((int)index), new(index, item, kind, result, exception, state));
        return false;
    }

    /// <summary>Adds an item that was pulled and not started; called after the run.</summary>
    public void PutNotStarted(long index, T item) =>
        _outcomes.Store(checked((int)index), new(index, item, FanOutOutcomeKind.NotStarted));

    /// <summary>Returns every outcome in source order; called once, after the run.</summary>
    public FanOutOutcome<T, TResult>[] ToArray()
    {
        if (indexed is null)
        {
            return _outcomes.ToArray((int)pulled!.Pulled);
        }

        var all = _outcomes.ToArray(indexed.Count);
        var hasAll = true;
        for (var i = 0; i < all.Length; i++)
        {
            if (all[i].Kind == FanOutOutcomeKind.NotStarted)
            {
                hasAll &= indexed.TryGetItem(i, out var item);
                all[i] = new(i, item!, FanOutOutcomeKind.NotStarted);
            }
        }

        // A list that became shorter during the run no longer contains its last items.
        return hasAll ? all : Array.FindAll(
            all, one => one.Kind != FanOutOutcomeKind.NotStarted || indexed.TryGetItem(one.Index, out _));
    }
}
