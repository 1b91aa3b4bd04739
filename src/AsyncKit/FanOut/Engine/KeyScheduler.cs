using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Threading.RateLimiting;

namespace AsyncKit;

/// <summary>Decides when a pulled item may start, so that each key stays within its limit.</summary>
/// <remarks>
/// The holder of the enumerator lock offers each pulled item to <see cref="TryStart"/>. An item whose key is full is
/// parked in the queue of that key. A worker that completes an item takes the next item of the same key from
/// <see cref="TryTakeNext"/> at once. So a slow or blocking source delays no parked item, and the holder never waits
/// for a key.
/// </remarks>
internal abstract class KeyScheduler<T>
{
    /// <summary>Whether another item may be pulled, which may have to be parked.</summary>
    public abstract bool HasRoom { get; }

    /// <summary>The items that were pulled and not started, in no particular order; read after the run.</summary>
    public abstract IEnumerable<(long Index, T Item)> NotStarted { get; }

    /// <summary>Returns the source that the workers pull from.</summary>
    public virtual PulledSource<T> Schedule(PulledSource<T> source) => source;

    /// <summary>Waits until <see cref="HasRoom"/> is true or the run stops. Called by the holder only.</summary>
    public abstract ValueTask UntilRoomAsync();

    /// <summary>Counts a pulled item as running, or parks it if its key is full. Called by the holder only.</summary>
    /// <returns>True if the caller must run the item now; otherwise, false.</returns>
    public abstract bool TryStart(long index, T item);

    /// <summary>Takes the next item of the same key. Called by the worker that completed an item.</summary>
    /// <param name="index">The index of the completed item; on return that of the next one.</param>
    /// <param name="item">The next item, which the caller must run.</param>
    /// <returns>True if an item of the key was parked; otherwise, false.</returns>
    public abstract bool TryTakeNext(ref long index, [MaybeNullWhen(false)] out T item);

    /// <summary>Called when the run stops: wakes the holder, and no item starts any more.</summary>
    public abstract void Stop();
}

/// <inheritdoc/>
/// <remarks>
/// Lifetime: one for each run. Key queues and parked items are reused, so nothing is allocated per item in steady
/// state.
/// <para>
/// Invariants:
/// (1) The count of a key is the number of its items that run. It never exceeds the limit.
/// (2) A key has parked items only while its count is at the limit. So a worker that completes one of its items takes
/// the first parked item and leaves the count unchanged, and no parked item ever waits for a worker.
/// (3) Parked items of a key are in source order, and <see cref="TryStart"/> starts an item only if its key has none
/// parked. So the items of a key start in source order.
/// (4) Only the holder parks, so the number of parked items does not grow while the holder waits for room. The worker
/// that makes room, or the thread that stops the run, wakes the holder.
/// (5) Only the holder uses the dictionary of keys, whose comparer is user code, and never under the lock. The workers
/// find a key queue by the index of the completed item. They list an idle queue for the holder to remove.
/// (6) A pulled item is in one place: running, parked, or offered.
/// </para>
/// <para>
/// No deadlock: items are parked only behind running items, and a worker that completes an item takes a parked one
/// before it does anything else. So when no item runs, none is parked, or the run was stopped. This also holds after
/// the source ended or failed. In a stream, the reader may wait for a parked item. All items before it have completed
/// then, including those of its key that started before it by (3). So its key is not full, which contradicts (2).
/// </para>
/// </remarks>
internal class KeyScheduler<T, TKey>(
    Func<T, TKey> keyOf,
    IEqualityComparer<TKey>? comparer,
    int maxPerKey,
    int maxParked,
    Func<bool>? mustStop = null) : KeyScheduler<T>
    where TKey : notnull
{
    // Used by the holder only.
    private readonly Dictionary<TKey, KeyQueue?> _queues = new(comparer);
    private KeyQueue? _spareQueues;
    private (long Index, T Item)? _offered;
    private long _wait;

    // Under the lock.
    private readonly Dictionary<long, KeyQueue> _running = []; // By the index of the item.
    private KeyQueue? _idle;
    private ParkedItem? _spareItems;
    private int _parkedCount;

    private volatile bool _isStopped;

    public override bool HasRoom => Volatile.Read(ref _parkedCount) < maxParked;

    public override IEnumerable<(long Index, T Item)> NotStarted
    {
        get
        {
            if (_offered is { } offered)
            {
                yield return offered; // The run stopped before the item could start, or its key function threw.
            }

            foreach (var queue in _queues.Values)
            {
                for (var parked = queue?.First; parked is not null; parked = parked.Next)
                {
                    yield return (parked.Index, parked.Item);
                }
            }
        }
    }

    public int KeysInUse => _queues.Count;

    protected Lock Lock { get; } = new();

    /// <summary>Wakes the holder.</summary>
    protected IndexSignal Room { get; } = new();

    protected int MaxPerKey => maxPerKey;

    protected int ParkedCount => Volatile.Read(ref _parkedCount);

    protected IEnumerable<KeyQueue> Queues => _queues.Values.OfType<KeyQueue>();

    protected bool IsStopped => _isStopped;

    protected bool MustStop => _isStopped || mustStop?.Invoke() == true;

    public override ValueTask UntilRoomAsync()
    {
        var wait = _wait++;
        Room.Arm(wait);
        return (HasRoom || _isStopped) && Room.TryDisarm(wait) ? default : Room.Woken;
    }

    public override bool TryStart(long index, T item)
    {
        var queue = Offer(index, item);
        if (MustStop)
        {
            return false; // The key function may have cancelled the run, or taken longer than the run.
        }

        bool starts;
        lock (Lock)
        {
            AssertInvariants(queue);
            starts = queue.Count < maxPerKey;
            if (starts)
            {
                Start(queue, index);
            }
            else
            {
                Park(queue, index, item);
            }
        }

        return starts;
    }

    public override bool TryTakeNext(ref long index, [MaybeNullWhen(false)] out T item)
    {
        bool wasFull;
        lock (Lock)
        {
            var queue = End(index);
            if (queue.First is null)
            {
                ListIfIdle(queue);
                item = default;
                return false;
            }

            wasFull = _parkedCount == maxParked;
            StartParked(queue, out index, out item);
            AssertInvariants(queue);
        }

        if (wasFull)
        {
            Room.WakeUpTo(long.MaxValue);
        }

        return true;
    }

    public override void Stop()
    {
        _isStopped = true;
        Room.WakeUpTo(long.MaxValue);
    }

    /// <summary>Finds the queue of a pulled item. Called by the holder, who must start or park the item
    /// next.</summary>
    protected KeyQueue Offer(long index, T item)
    {
        _offered = (index, item);
        RemoveIdle();
        return QueueOf(keyOf(item));
    }

    /// <summary>Counts an item as running. Called under the lock.</summary>
    protected void Start(KeyQueue queue, long index)
    {
        queue.Count++;
        _running.Add(index, queue);
        _offered = null;
    }

    /// <summary>Counts an item as ended. Called under the lock.</summary>
    protected KeyQueue End(long index)
    {
        _ = _running.Remove(index, out var queue);
        queue!.Count--;
        return queue;
    }

    /// <summary>Starts the first parked item of a key. Called under the lock.</summary>
    protected void StartParked(KeyQueue queue, out long index, out T item)
    {
        var parked = queue.First!;
        queue.First = parked.Next;
        (index, item) = (parked.Index, parked.Item);
        (parked.Item, parked.Next) = (default!, _spareItems);
        _spareItems = parked;
        _parkedCount--;
        queue.Count++;
        _running.Add(index, queue);
    }

    /// <summary>Lists a key without items for the holder. Called under the lock.</summary>
    protected void ListIfIdle(KeyQueue queue)
    {
        if (queue.IsIdle && !queue.IsListed)
        {
            (queue.Next, queue.IsListed) = (_idle, true);
            _idle = queue;
        }
    }

    /// <summary>Parks an item. Called under the lock.</summary>
    protected void Park(KeyQueue queue, long index, T item)
    {
        _offered = null;
        var parked = _spareItems ?? new ParkedItem();
        _spareItems = parked.Next;
        (parked.Index, parked.Item, parked.Next) = (index, item, null);
        if (queue.First is null)
        {
            queue.First = parked;
        }
        else
        {
            queue.Last!.Next = parked;
        }

        queue.Last = parked;
        _parkedCount++;
    }

    private KeyQueue QueueOf(TKey key)
    {
        if (!typeof(TKey).IsValueType && key is null) // This order avoids boxing.
        {
            throw new InvalidOperationException("The partition's key of an item must not be null.");
        }

        ref var queue = ref CollectionsMarshal.GetValueRefOrAddDefault(_queues, key, out _);
        if (queue is null)
        {
            queue = _spareQueues ?? new KeyQueue();
            (_spareQueues, queue.Next, queue.Key) = (queue.Next, null, key);
        }

        return queue;
    }

    /// <summary>Removes the keys without running or parked items, so that the number of distinct keys costs no
    /// memory.</summary>
    protected virtual void RemoveIdle()
    {
        while (TryTakeIdle(out var queue, out var isIdle))
        {
            if (isIdle)
            {
                Remove(queue);
            }
        }
    }

    /// <summary>Removes an idle key. Called by the holder.</summary>
    protected void Remove(KeyQueue queue)
    {
        // A key that was mutated is not found in the dictionary. Its queue is not reused then.
        if (_queues.Remove(queue.Key, out var removed) && removed == queue)
        {
            (queue.Key, queue.Next) = (default!, _spareQueues);
            _spareQueues = queue;
        }
    }

    protected bool TryTakeIdle([NotNullWhen(true)] out KeyQueue? queue, out bool isIdle)
    {
        isIdle = false;
        if ((queue = Volatile.Read(ref _idle)) is null)
        {
            return false;
        }

        lock (Lock)
        {
            queue = _idle!;
            _idle = queue.Next;
            (queue.Next, queue.IsListed) = (null, false);
            isIdle = queue.IsIdle; // It stays idle: only the holder starts an item of a key that is not full.
            return true;
        }
    }

    [Conditional("DEBUG")]
    private void AssertInvariants(KeyQueue queue)
    {
        Debug.Assert(queue.Count >= 0 && queue.Count <= maxPerKey, "The count of a key is out of range.");
        Debug.Assert(queue.First is null || queue.Count == maxPerKey, "An item is parked, but its key is not full.");
        Debug.Assert(_parkedCount >= 0 && _parkedCount <= maxParked, "The number of parked items is out of range.");
    }

    /// <summary>The parked items of one key, and the number of its running ones.</summary>
    protected sealed class KeyQueue
    {
        public TKey Key { get; set; } = default!;

        public int Count { get; set; }

        /// <summary>Whether no item of the key is running or parked.</summary>
        public bool IsIdle => Count == 0 && First is null;

        public ParkedItem? First { get; set; }

        public ParkedItem? Last { get; set; }

        /// <summary>The next in the list of idle queues, or in that of spare ones.</summary>
        public KeyQueue? Next { get; set; }

        /// <summary>Whether the queue is in the list of idle queues.</summary>
        public bool IsListed { get; set; }

        /// <summary>The start rate of the key; null without one. The remaining members belong to
        /// <see cref="RatedKeyScheduler{T, TKey}"/>.</summary>
        public RateLimiter? Limiter { get; set; }

        /// <summary>The permit of the first parked item, which waits for a worker.</summary>
        public RateLimitLease? Granted { get; set; }

        /// <summary>Whether a permit for the first parked item was requested, and no worker took the item
        /// yet.</summary>
        public bool IsStarting { get; set; }

        /// <summary>Whether the queue is idle and waits for its limiter to become idle.</summary>
        public bool IsCooling { get; set; }
    }

    protected sealed class ParkedItem
    {
        public long Index { get; set; }

        public T Item { get; set; } = default!;

        public ParkedItem? Next { get; set; }
    }
}
