using System.Diagnostics.CodeAnalysis;

namespace AsyncKit;

/// <summary>
/// A source that is pulled through its enumerator, by the holder of <see cref="Gate"/> alone. Every member but
/// <see cref="Gate"/>, <see cref="TryTakeNext"/> and <see cref="Stop"/> is used by the holder only,
/// <see cref="DisposeAsync"/> and <see cref="NotStarted"/> after the last worker has ended.
/// </summary>
internal abstract class PulledSource<T>
{
    private long _pulled;

    public EnumeratorLock Gate { get; } = new();

    /// <summary>How many items to expect, null when unknown. Only a hint: the enumerator decides.</summary>
    public virtual int? CountHint => null;

    /// <summary>How many items were pulled.</summary>
    public virtual long Pulled => _pulled;

    /// <summary>What was pulled and never handed out.</summary>
    public virtual IEnumerable<(long Index, T Item)> NotStarted => [];

    /// <summary>Opens the enumerator on the first call.</summary>
    public abstract ValueTask<bool> MoveNextAsync(CancellationToken runToken);

    public abstract ValueTask DisposeAsync();

    public virtual T Take(out long index)
    {
        var item = Current;
        index = _pulled++;
        return item;
    }

    /// <summary>By the worker whose item has just ended: what it has to run next, without the gate.</summary>
    /// <param name="index">That of the item that has ended, then that of the next.</param>
    /// <param name="item">The next.</param>
    /// <returns>False when the worker has to pull.</returns>
    public virtual bool TryTakeNext(ref long index, [MaybeNullWhen(false)] out T item)
    {
        item = default;
        return false;
    }

    /// <summary>The run stops early: the holder must not go on waiting for something to end.</summary>
    public virtual void Stop()
    {
    }

    protected abstract T Current { get; }
}
