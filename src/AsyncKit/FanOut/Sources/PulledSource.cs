namespace AsyncKit;

/// <summary>Enumerates a source: the items, their indexes, and disposing the enumerator.</summary>
/// <remarks>
/// Lifetime: one for each run, which disposes it after its last worker. Only the worker that holds <see cref="Lock"/>
/// uses the other members, so at most one call is in progress.
/// </remarks>
internal abstract class PulledSource<T>
{
    private long _pulled;

    public EnumeratorLock Lock { get; } = new();

    /// <summary>The expected number of items, null if unknown. Only a hint: the enumerator decides.</summary>
    public virtual int? CountHint => null;

    /// <summary>The number of items that were taken.</summary>
    public virtual long Pulled => _pulled;

    /// <summary>Whether the run must call <see cref="OnItemEnded"/>.</summary>
    public virtual bool TracksItems => false;

    protected abstract T Current { get; }

    /// <summary>Advances to the next item. The first call opens the enumerator.</summary>
    public abstract ValueTask<bool> MoveNextAsync(CancellationToken runToken);

    /// <summary>Returns the item that <see cref="MoveNextAsync"/> advanced to, and its index.</summary>
    public virtual T Take(out long index)
    {
        var item = Current;
        index = _pulled++;
        return item;
    }

    /// <summary>Called once for each item that was taken, when it ends: in a stream when the reader requests the next
    /// value, otherwise when the outcome is recorded. Any thread may call it, even after the source was
    /// disposed.</summary>
    public virtual void OnItemEnded()
    {
    }

    public abstract ValueTask DisposeAsync();

    /// <summary>Returns this source with an end when the run drains.</summary>
    public virtual PulledSource<T> DrainedBy(FanOutDrain drain) => new DrainableSource<T>(this, drain);
}
