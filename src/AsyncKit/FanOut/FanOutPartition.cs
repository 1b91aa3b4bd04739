namespace AsyncKit;

/// <summary>Limits the operations per key, in addition to the limit of the fan-out. For example, two requests at a time
/// per host.</summary>
/// <remarks>
/// Guarantees:
/// <list type="bullet">
/// <item>The number of operations that run at the same time never exceeds <see cref="MaxPerKey"/> for a key, nor the
/// limit of the fan-out in total.</item>
/// <item>An item whose key is at its limit is parked. It occupies no slot, and items of other keys continue to
/// start.</item>
/// <item>The items of a key start in source order. With one operation per key, each starts after the one before it has
/// completed.</item>
/// <item>At most <see cref="MaxParked"/> items are parked. At that number no item is pulled until a parked item
/// starts.</item>
/// <item>The key of an item is evaluated once, on the thread pool, one item at a time. If that throws, the source fails
/// and the item does not start.</item>
/// </list>
/// With more than one operation per key, two items that start at the same time on two threads may reach their first
/// lines in either order. An item that waits for a retry counts for its key, and keeps its slot.
/// <para>Cost: two or three short locks and a few dictionary look-ups per item. Objects for the keys in use and for
/// parked items are reused, so a run allocates only as many as it needs at the same time.</para>
/// <para>Immutable. Any number of fan-outs can share an instance; each counts separately.</para>
/// </remarks>
public sealed record FanOutPartition
{
    private const int MostParked = 1 << 20;
    private const int MostParkedByDefault = 1 << 16;
    private const int ParkedPerSlot = 8;

    private readonly Type _itemType;
    private readonly Delegate _createScheduler;

    private FanOutPartition(Type itemType, int maxPerKey, Delegate createScheduler)
    {
        _itemType = itemType;
        _createScheduler = createScheduler;
        MaxPerKey = maxPerKey;
    }

    /// <summary>The maximum number of operations of one key that run at the same time.</summary>
    /// <value>At least 1; <see cref="int.MaxValue"/> for no limit.</value>
    public int MaxPerKey { get; }

    /// <summary>The maximum number of parked items, which are pulled and wait for their key.</summary>
    /// <value>1 to 1,048,576. The default is null: 8 times <see cref="FanOutOptions.MaxConcurrency"/>, at most
    /// 65,536.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    /// <remarks>With a larger value the run searches further for an item of another key. With a smaller value it pulls
    /// fewer items before they can start. In a stream parked items count as started, so
    /// <see cref="FanOutOptions.Lookahead"/> limits them too.</remarks>
    public int? MaxParked
    {
        get;
        init => field = Guards.InRange(value, 1, MostParked, nameof(MaxParked));
    }

    /// <summary>Creates a partition that runs at most <paramref name="maxPerKey"/> operations at a time for each
    /// key.</summary>
    /// <typeparam name="T">The type of the items. It must be the item type of the source.</typeparam>
    /// <typeparam name="TKey">The type of the keys.</typeparam>
    /// <param name="key">The function that returns the key of an item, not null.</param>
    /// <param name="maxPerKey">The maximum number of operations of one key that run at the same time. At least
    /// 1.</param>
    /// <param name="comparer">The comparer of the keys; null for the default comparer.</param>
    /// <returns>A partition with the default <see cref="MaxParked"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxPerKey"/> is less than 1.</exception>
    /// <example>
    /// <code>
    /// var options = new FanOutOptions
    /// {
    ///     MaxConcurrency = 32,
    ///     Partition = FanOutPartition.By((Uri uri) =&gt; uri.Host, maxPerKey: 2),
    /// };
    /// </code>
    /// </example>
    public static FanOutPartition By<T, TKey>(
        Func<T, TKey> key, int maxPerKey, IEqualityComparer<TKey>? comparer = null)
        where TKey : notnull
    {
        ArgumentNullException.ThrowIfNull(key);
        Func<int, Func<bool>, KeyScheduler<T>> createScheduler = (maxParked, mustStop) =>
            new KeyScheduler<T, TKey>(key, comparer, maxPerKey, maxParked, mustStop);
        return new(typeof(T), Guards.AtLeast(maxPerKey, 1), createScheduler);
    }

    internal void CheckItemType<T>(string optionsName)
    {
        if (_createScheduler is not Func<int, Func<bool>, KeyScheduler<T>>)
        {
            throw new ArgumentException(
                $"Partition must use a key of {typeof(T)}, the type of the items; it uses a key of {_itemType}.",
                optionsName);
        }
    }

    /// <summary>Creates the scheduler of a run, after the type of its items was checked.</summary>
    internal KeyScheduler<T> CreateScheduler<T>(int maxConcurrency, Func<bool> mustStop) =>
        ((Func<int, Func<bool>, KeyScheduler<T>>)_createScheduler)(
            MaxParked ?? (int)Math.Min((long)ParkedPerSlot * maxConcurrency, MostParkedByDefault), mustStop);
}
