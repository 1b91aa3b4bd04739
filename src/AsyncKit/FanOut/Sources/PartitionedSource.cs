using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AsyncKit;

/// <summary>
/// Pulls from another source and hands out what its key has room for; the rest is parked behind its key. A parked item is
/// not handed out by the gate: the worker that ends an item takes the next one of that key at once, and the key's place
/// with it. So a slow or blocking source holds up no parked item, and the holder of the gate never waits for a key.
/// </summary>
/// <remarks>
/// Invariants:
/// (1) A key's count is of its items that were handed out and have not ended. It is never more than the limit.
/// (2) A key has parked items only while it is full. So whoever ends one of its items takes the first of them and leaves
/// the count as it is, and no parked item ever waits for a worker.
/// (3) Parked items of a key are in source order, and an item is handed out by the gate only when its key has none: so a
/// key's items are handed out in source order.
/// (4) Only the holder of the gate parks, so what is parked grows no further while the holder waits for it to shrink;
/// whoever takes the one that makes room, or stops the run, wakes the holder.
/// (5) Only the holder uses the keys, whose comparer is the user's. The others know a key's lane by the index of the item
/// that has ended; what becomes idle they list for the holder to remove.
/// (6) An item that was pulled is in one place: handed out, parked, or next.
/// Nothing hangs. Items are parked only behind items that run, and a worker that ends one takes a parked one before it does
/// anything else: so when all that run have ended, nothing is parked, or the run was told to stop. The same holds when the
/// source has ended or failed and the gate is closed. In a stream the window of the reader is the inner source's and is
/// about pulling; a parked item was pulled, and needs no window to start. When the reader waits for an item that is parked,
/// the items before it have ended, its key's too: by (3) those of its key that run come before it. So none runs, and
/// by (2) it is not parked.
/// </remarks>
internal sealed class PartitionedSource<T, TKey>(
    PulledSource<T> inner,
    Func<T, TKey> keyOf,
    IEqualityComparer<TKey>? comparer,
    int maxPerKey,
    int maxParked,
    Func<bool> mustStop) : PulledSource<T>
    where TKey : notnull
{
    private readonly Dictionary<TKey, Lane?> _lanes = new(comparer); // The holder's.
    private Lane? _spareLanes; // The holder's.
    private T _next = default!; // The holder's, as the two below.
    private long _nextIndex;
    private bool _hasNext;

    private readonly Lock _lock = new();
    private readonly Dictionary<long, Lane> _running = []; // By the item's index.
    private Lane? _idle;
    private Parked? _spareParked;
    private int _parkedCount;

    private readonly IndexSignal _room = new();
    private long _wait;

    public override int? CountHint => inner.CountHint;

    public override long Pulled => inner.Pulled;

    public override IEnumerable<(long Index, T Item)> NotStarted
    {
        get
        {
            if (_hasNext)
            {
                yield return (_nextIndex, _next); // The run was stopped in between, or its key was not to be had.
            }

            foreach (var lane in _lanes.Values)
            {
                for (var parked = lane?.First; parked is not null; parked = parked.Next)
                {
                    yield return (parked.Index, parked.Item);
                }
            }
        }
    }

    public int KeysInUse => _lanes.Count;

    protected override T Current => throw new NotSupportedException("Take hands out what was pulled before.");

    private bool HasRoom => Volatile.Read(ref _parkedCount) < maxParked;

    public override ValueTask<bool> MoveNextAsync(CancellationToken runToken)
    {
        while (HasRoom)
        {
            if (mustStop())
            {
                return new ValueTask<bool>(false);
            }

            var pull = inner.MoveNextAsync(runToken);
            if (!pull.IsCompleted)
            {
                return GoOnAsync(pull, runToken);
            }

            if (!pull.Completed() || mustStop())
            {
                return new ValueTask<bool>(false);
            }

            if (TryHandOut())
            {
                return new ValueTask<bool>(true);
            }
        }

        return GoOnAsync(null, runToken);
    }

    public override T Take(out long index)
    {
        var item = _next;
        index = _nextIndex;
        (_next, _hasNext) = (default!, false);
        return item;
    }

    public override bool TryTakeNext(ref long index, [MaybeNullWhen(false)] out T item)
    {
        bool wasFull;
        lock (_lock)
        {
            _ = _running.Remove(index, out var lane);
            AssertInvariants(lane!);
            if (lane!.First is not { } parked)
            {
                lane.Count--;
                if (lane.Count == 0 && !lane.IsListed)
                {
                    (lane.Next, lane.IsListed) = (_idle, true);
                    _idle = lane;
                }

                item = default;
                return false;
            }

            lane.First = parked.Next;
            (index, item) = (parked.Index, parked.Item);
            (parked.Item, parked.Next) = (default!, _spareParked);
            _spareParked = parked;
            _running.Add(index, lane);
            wasFull = _parkedCount-- == maxParked;
        }

        if (wasFull)
        {
            _room.WakeUpTo(long.MaxValue);
        }

        return true;
    }

    public override void Stop() => _room.WakeUpTo(long.MaxValue);

    public override ValueTask DisposeAsync() => inner.DisposeAsync();

    /// <summary>One loop and not a call of the other: there may be any number of parked items between two that are handed
    /// out.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> GoOnAsync(ValueTask<bool>? pending, CancellationToken runToken)
    {
        while (true)
        {
            if (pending is null)
            {
                await UntilRoomAsync().NoContext();
                if (mustStop())
                {
                    return false;
                }
            }

            var more = await (pending ?? inner.MoveNextAsync(runToken)).NoContext();
            pending = null;
            if (!AsyncEnvironment.IsOnPool)
            {
                await AsyncEnvironment.ToPool(); // Whoever completed this gets its thread back before the key is asked for.
            }

            if (!more || mustStop())
            {
                return false;
            }

            if (TryHandOut())
            {
                return true;
            }
        }
    }

    private ValueTask UntilRoomAsync()
    {
        if (HasRoom)
        {
            return default;
        }

        var wait = _wait++;
        _room.Arm(wait);
        return (HasRoom || mustStop()) && _room.TryDisarm(wait) ? default : _room.Woken;
    }

    /// <returns>False when the item that was pulled is parked.</returns>
    private bool TryHandOut()
    {
        (_next, _hasNext) = (inner.Take(out _nextIndex), true);
        RemoveIdle();
        var lane = LaneOf(keyOf(_next));
        lock (_lock)
        {
            AssertInvariants(lane);
            if (lane.Count < maxPerKey)
            {
                lane.Count++;
                _running.Add(_nextIndex, lane);
                return true;
            }

            Park(lane);
        }

        (_next, _hasNext) = (default!, false);
        return false;
    }

    /// <summary>Under the lock.</summary>
    private void Park(Lane lane)
    {
        var parked = _spareParked ?? new Parked();
        _spareParked = parked.Next;
        (parked.Index, parked.Item, parked.Next) = (_nextIndex, _next, null);
        if (lane.First is null)
        {
            lane.First = parked;
        }
        else
        {
            lane.Last!.Next = parked;
        }

        lane.Last = parked;
        _parkedCount++;
    }

    private Lane LaneOf(TKey key)
    {
        if (!typeof(TKey).IsValueType && key is null) // In this order it boxes nothing.
        {
            throw new InvalidOperationException("The partition's key of an item must not be null.");
        }

        ref var lane = ref CollectionsMarshal.GetValueRefOrAddDefault(_lanes, key, out _);
        if (lane is null)
        {
            lane = _spareLanes ?? new Lane();
            (_spareLanes, lane.Next, lane.Key) = (lane.Next, null, key);
        }

        return lane;
    }

    /// <summary>What nobody runs and nobody waits for is forgotten, so that there may be any number of keys.</summary>
    private void RemoveIdle()
    {
        while (TryTakeIdle(out var lane, out var isIdle))
        {
            // A key that has changed since is not found; its lane is then not used for another.
            if (isIdle && _lanes.Remove(lane.Key, out var removed) && removed == lane)
            {
                (lane.Key, lane.Next) = (default!, _spareLanes);
                _spareLanes = lane;
            }
        }
    }

    private bool TryTakeIdle([NotNullWhen(true)] out Lane? lane, out bool isIdle)
    {
        isIdle = false;
        if ((lane = Volatile.Read(ref _idle)) is null)
        {
            return false;
        }

        lock (_lock)
        {
            lane = _idle!;
            _idle = lane.Next;
            (lane.Next, lane.IsListed) = (null, false);
            isIdle = lane.Count == 0; // And stays so: only the holder hands out to a key that is not full.
            return true;
        }
    }

    [Conditional("DEBUG")]
    private void AssertInvariants(Lane lane)
    {
        Debug.Assert(lane.Count >= 0 && lane.Count <= maxPerKey, "A key's count is out of its range.");
        Debug.Assert(lane.First is null || lane.Count == maxPerKey, "An item is parked behind a key that has room.");
        Debug.Assert(_parkedCount >= 0 && _parkedCount <= maxParked, "More are parked than may be.");
    }

    /// <summary>One key while it has items that run or are parked.</summary>
    private sealed class Lane
    {
        public TKey Key { get; set; } = default!;

        public int Count { get; set; }

        public Parked? First { get; set; }

        public Parked? Last { get; set; }

        /// <summary>Among the idle ones, or among the spare ones.</summary>
        public Lane? Next { get; set; }

        public bool IsListed { get; set; }
    }

    private sealed class Parked
    {
        public long Index { get; set; }

        public T Item { get; set; } = default!;

        public Parked? Next { get; set; }
    }
}
