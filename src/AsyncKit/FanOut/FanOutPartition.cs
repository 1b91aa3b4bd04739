using System.Threading.RateLimiting;

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

    private delegate KeyScheduler<T> CreateScheduler<T>(
        FanOutPartition partition, FanOutOptions options, Func<bool> mustStop, Action<Exception> onFailure);

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
        CreateScheduler<T> create = (partition, options, mustStop, _) => new KeyScheduler<T, TKey>(
            key, comparer, maxPerKey, partition.MaxParkedOf(options), mustStop);
        return new(typeof(T), Guards.AtLeast(maxPerKey, 1), create);
    }

    /// <summary>Creates a partition that runs at most <paramref name="maxPerKey"/> operations at a time for each key,
    /// and starts them at the rate of the key.</summary>
    /// <typeparam name="T">The type of the items. It must be the item type of the source.</typeparam>
    /// <typeparam name="TKey">The type of the keys.</typeparam>
    /// <param name="key">The function that returns the key of an item, not null.</param>
    /// <param name="maxPerKey">The maximum number of operations of one key that run at the same time. At least
    /// 1.</param>
    /// <param name="startRate">The function that creates the rate limiter of a key, for example a
    /// <see cref="TokenBucketRateLimiter"/>. It must return a new limiter, which the run disposes. Null for no
    /// rate.</param>
    /// <param name="comparer">The comparer of the keys; null for the default comparer.</param>
    /// <returns>A partition with the default <see cref="MaxParked"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxPerKey"/> is less than 1.</exception>
    /// <remarks>
    /// The guarantees of a partition apply, and:
    /// <list type="bullet">
    /// <item>An item acquires a permit of its key's limiter before it starts. Without a permit it is parked. It
    /// occupies no slot, and items of other keys continue to start, even while the source is slow or blocks.</item>
    /// <item>After a rejected lease the run waits for the Retry-After hint of the limiter, or for 50 ms without a hint,
    /// and acquires again. The clock is <see cref="FanOutOptions.TimeProvider"/>.</item>
    /// <item>The lease is disposed when the item completes, so a <see cref="ConcurrencyLimiter"/> limits the items in
    /// flight. A retry needs no other permit.</item>
    /// <item>If every slot is busy when a permit arrives, the item keeps the permit until a slot is free. At most one
    /// item per key has such a permit.</item>
    /// <item>The limiter of a key is created with its first item. It is disposed after the key has no items and the
    /// limiter reports an <see cref="RateLimiter.IdleDuration"/>, so that a new limiter permits no more than the old
    /// one. The remaining limiters are disposed at the end of the run.</item>
    /// <item>The function and the limiters observe the caller's ExecutionContext as it was at the call. If one of them
    /// throws, or the function returns null, the run ends with that error, and parked items do not start.</item>
    /// <item>A run that stops ends the waits for permits at once.</item>
    /// </list>
    /// Cost: in addition to that of a partition, a limiter for each key in use, and work on the thread pool for each
    /// item that is pulled.
    /// </remarks>
    /// <example>
    /// <code>
    /// var options = new FanOutOptions
    /// {
    ///     MaxConcurrency = 32,
    ///     Partition = FanOutPartition.By(
    ///         (Uri uri) =&gt; uri.Host,
    ///         maxPerKey: 2,
    ///         startRate: _ =&gt; new TokenBucketRateLimiter(new()
    ///         {
    ///             TokenLimit = 1, TokensPerPeriod = 1, ReplenishmentPeriod = TimeSpan.FromSeconds(1),
    ///         })),
    /// };
    /// </code>
    /// </example>
    public static FanOutPartition By<T, TKey>(
        Func<T, TKey> key,
        int maxPerKey,
        Func<TKey, RateLimiter>? startRate,
        IEqualityComparer<TKey>? comparer = null)
        where TKey : notnull
    {
        if (startRate is null)
        {
            return By(key, maxPerKey, comparer);
        }

        ArgumentNullException.ThrowIfNull(key);
        CreateScheduler<T> create = (partition, options, mustStop, onFailure) => new RatedKeyScheduler<T, TKey>(
            key,
            comparer,
            startRate,
            maxPerKey,
            partition.MaxParkedOf(options),
            AsyncEnvironment.Clock(options.TimeProvider),
            onFailure,
            mustStop);
        return new(typeof(T), Guards.AtLeast(maxPerKey, 1), create);
    }

    internal void CheckItemType<T>(string optionsName)
    {
        if (_createScheduler is not CreateScheduler<T>)
        {
            throw new ArgumentException(
                $"Partition must use a key of {typeof(T)}, the type of the items; it uses a key of {_itemType}.",
                optionsName);
        }
    }

    /// <summary>Creates the scheduler of a run, after the type of its items was checked.</summary>
    internal KeyScheduler<T> SchedulerOf<T>(
        FanOutOptions options, Func<bool> mustStop, Action<Exception> onFailure) =>
        ((CreateScheduler<T>)_createScheduler)(this, options, mustStop, onFailure);

    private int MaxParkedOf(FanOutOptions options) =>
        MaxParked ?? (int)Math.Min((long)ParkedPerSlot * options.MaxConcurrency, MostParkedByDefault);
}
