namespace AsyncKit;

/// <summary>
/// A limit for each key beside the one for all, such as two requests at once for each host. Immutable; one object may be
/// shared by any number of fan-outs, each of which counts for itself.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>Never more operations of one key at once than MaxPerKey, and never more of all keys than the limit.</item>
/// <item>An item whose key is full is parked: it holds no slot, and items of other keys go on.</item>
/// <item>The items of one key start in source order; with one at a time, each after the one before it has ended.</item>
/// <item>No more than MaxParked items are parked. Then nothing is pulled until one of them has started.</item>
/// <item>The key of an item is asked for once, on the pool, one item at a time. If that throws, the source has failed,
/// and the item is not started.</item>
/// </list>
/// With more than one per key, two items that start at the same moment on two threads may come to their first lines in
/// either order. A retry that waits keeps its place in its key as it keeps its slot. Cost: two or three short locks and a few
/// look-ups for each item; objects for the keys that run or have parked items, and for parked items, all used again:
/// nothing is allocated per item once there are as many as are needed.
/// </remarks>
public sealed record FanOutPartition
{
    private const int MostParked = 1 << 20;
    private const int MostParkedByDefault = 1 << 16;
    private const int ParkedPerSlot = 8;

    private readonly Type _itemType;
    private readonly Delegate _around;

    private FanOutPartition(Type itemType, int maxPerKey, Delegate around)
    {
        _itemType = itemType;
        _around = around;
        MaxPerKey = maxPerKey;
    }

    private delegate PulledSource<T> AroundSource<T>(PulledSource<T> inner, int maxParked, Func<bool> mustStop);

    /// <summary>The most operations of one key that run at the same time.</summary>
    /// <value>At least 1; <see cref="int.MaxValue"/> for no limit.</value>
    public int MaxPerKey { get; }

    /// <summary>How many items may wait for their key: pulled and not started. The larger, the further the run looks for an
    /// item of another key; the smaller, the fewer are taken from the source before they can start.</summary>
    /// <value>1 to 1,048,576; null for 8 x <see cref="FanOutOptions.MaxConcurrency"/>, at most 65,536. In a stream parked
    /// items count as started for <see cref="FanOutOptions.Lookahead"/>, so there are never more than that.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the range.</exception>
    public int? MaxParked
    {
        get;
        init => field = Guards.InRange(value, 1, MostParked, nameof(MaxParked));
    }

    /// <summary>At most <paramref name="maxPerKey"/> operations at once for items of the same key.</summary>
    /// <typeparam name="T">The items: exactly the type that the source has.</typeparam>
    /// <typeparam name="TKey">What items are told apart by.</typeparam>
    /// <param name="key">Gives the key of an item; never null.</param>
    /// <param name="maxPerKey">The most operations of one key at once: at least 1.</param>
    /// <param name="comparer">Which keys are the same; null for the default of <typeparamref name="TKey"/>.</param>
    /// <returns>The partition, with the default of <see cref="MaxParked"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxPerKey"/> is less than 1.</exception>
    public static FanOutPartition By<T, TKey>(
        Func<T, TKey> key, int maxPerKey, IEqualityComparer<TKey>? comparer = null)
        where TKey : notnull
    {
        ArgumentNullException.ThrowIfNull(key);
        AroundSource<T> around = (inner, maxParked, mustStop) =>
            new PartitionedSource<T, TKey>(inner, key, comparer, maxPerKey, maxParked, mustStop);
        return new(typeof(T), Guards.AtLeast(maxPerKey, 1), around);
    }

    internal void CheckItemType<T>(string optionsName)
    {
        if (_around is not AroundSource<T>)
        {
            throw new ArgumentException(
                $"Partition must be by a key of {typeof(T)}, which the source's items are, not of {_itemType}.",
                optionsName);
        }
    }

    /// <summary>The source as a run sees it; its items' type has been checked.</summary>
    internal PulledSource<T> Around<T>(PulledSource<T> source, int maxConcurrency, Func<bool> mustStop) =>
        ((AroundSource<T>)_around)(
            source,
            MaxParked ?? (int)Math.Min((long)ParkedPerSlot * maxConcurrency, MostParkedByDefault),
            mustStop);
}
