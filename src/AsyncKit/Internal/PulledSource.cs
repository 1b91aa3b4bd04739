namespace AsyncKit;

/// <summary>
/// A source that is pulled through its enumerator, by the holder of <see cref="Gate"/> alone. Every member but
/// <see cref="Gate"/> is used by the holder only, and <see cref="DisposeAsync"/> after the last worker has ended.
/// </summary>
internal abstract class PulledSource<T>
{
    private long _pulled;

    public PullGate Gate { get; } = new();

    /// <summary>How many items to expect, null when unknown. Only a hint: the enumerator decides.</summary>
    public virtual int? CountHint => null;

    /// <summary>How many items were pulled.</summary>
    public virtual long Pulled => _pulled;

    /// <summary>Opens the enumerator on the first call.</summary>
    public abstract ValueTask<bool> MoveNextAsync(CancellationToken runToken);

    public abstract ValueTask DisposeAsync();

    public virtual T Take(out long index)
    {
        var item = Current;
        index = _pulled++;
        return item;
    }

    protected abstract T Current { get; }
}
