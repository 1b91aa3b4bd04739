using System.Diagnostics;
using System.Threading.Tasks.Sources;

namespace AsyncKit;

/// <summary>Represents a source for work that discovers more work, such as a crawler. A fan-out over it ends by itself
/// when no work is left.</summary>
/// <typeparam name="T">The type of the items.</typeparam>
/// <remarks>
/// Guarantees of a fan-out over the queue, for every entry point and option:
/// <list type="bullet">
/// <item>It ends exactly when the queue is empty and no item that it took is still running. An item that fails or is
/// cancelled ends too. An item with retries ends after its last attempt.</item>
/// <item>In a stream an item ends when the reader requests the value after it, so the reader can add items as well as
/// the operation. An item for which the stream yields no value ends when it fails.</item>
/// <item>An item that is added while an operation is still running is never lost.</item>
/// <item>Items start in the order in which they were added. A stream in source order yields them in that order.</item>
/// <item>A run that stops early does not end the queue: because of a failure, a cancellation, or a reader that leaves.
/// The items that it did not take stay in the queue, in order. More items can be added, and a later fan-out continues
/// with them. An item that was taken is not put back, even if it is parked by a
/// <see cref="FanOutOptions.Partition"/>.</item>
/// <item>One fan-out or enumeration can use the queue at a time. Another one fails with an
/// <see cref="InvalidOperationException"/>.</item>
/// </list>
/// Without a fan-out, <c>await foreach</c> takes one item at a time. An item ends when the loop requests the next one.
/// The same applies to the items of an operator of LINQ over the queue: a fan-out over <c>queue.Where(...)</c> does not
/// wait for its operations, and their <see cref="Add"/> fails. Pass the queue itself to the fan-out.
/// <para>
/// The queue has no capacity limit. An operation that waits for room would wait for itself, because only the end of an
/// operation makes room.
/// </para>
/// <para>
/// Cost: no allocation per item except for the growth of the queue, and one short lock in <see cref="Add"/>. Memory
/// depends on the largest number of queued items, and on the number of distinct items if
/// <see cref="FanOutQueueOptions{T}.Distinct"/> is set.
/// </para>
/// <para>Thread-safe: any number of threads can add items at the same time.</para>
/// </remarks>
/// <example>
/// <code>
/// var pages = new FanOutQueue&lt;Uri&gt;([start], new() { Distinct = EqualityComparer&lt;Uri&gt;.Default });
/// await pages.FanOutAsync(8, async (page, token) =&gt;
/// {
///     foreach (Uri link in await GetLinksAsync(page, token))
///     {
///         pages.Add(link);
///     }
/// });
/// </code>
/// </example>
#pragma warning disable CA1711 // It is a queue, for which .NET has no base type; Queue<T> has the suffix too.
public sealed class FanOutQueue<T> : IAsyncEnumerable<T>, IFanOutQueue<T>
#pragma warning restore CA1711
{
    // The items are in two parts: producers add to one under the lock, and the enumerator takes from the other. It swaps
    // the two when its own is empty. So taking an item needs no lock, and neither does its end.
    //
    // Invariants:
    // (1) The items of the enumerator's part were added before those of the other part.
    // (2) The enumerator waits only while both parts are empty. The call that adds an item, or that ends the last pending
    // one, stops the wait under the lock and completes it after it leaves the lock.
    // (3) An enumerator counts the items that it took and those that ended. The call that makes the counts equal takes
    // the lock. It finds the wait, or the enumerator finds equal counts before it waits.
    // (4) The queue ends under the lock, only if both parts are empty, nothing is pending, and an enumerator requested the
    // next item. Nothing is added afterwards.
    private readonly Lock _lock = new();
    private readonly HashSet<T>? _seen;
    private Queue<T> _items = new();
    private Queue<T> _taking = new(); // Used by the enumerator only.
    private volatile Enumerator? _enumerator;
    private bool _isWaiting;
    private bool _hasEnded;

    /// <summary>Initializes a new queue.</summary>
    /// <param name="first">The items to start with, read once by the constructor; null for none.</param>
    /// <param name="options">The settings; null for the defaults.</param>
    public FanOutQueue(IEnumerable<T>? first = null, FanOutQueueOptions<T>? options = null)
    {
        if (options?.Distinct is { } comparer)
        {
            _seen = new HashSet<T>(comparer);
        }

        foreach (var item in first ?? [])
        {
            _ = Add(item);
        }
    }

    /// <summary>The number of items that wait to be taken. A snapshot.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _items.Count + _taking.Count;
            }
        }
    }

    /// <summary>The number of items that were taken and did not end yet. A snapshot.</summary>
    public int Pending => _enumerator?.Pending ?? 0;

    /// <summary>Adds an item at the end of the queue. Never waits, and never runs the operation inline.</summary>
    /// <param name="item">The item.</param>
    /// <returns>True if the item was added; false if <see cref="FanOutQueueOptions{T}.Distinct"/> is set and the item
    /// was added before.</returns>
    /// <exception cref="InvalidOperationException">The queue ended: a fan-out or an enumeration found it empty, and no
    /// item was still running. The operation of an item can always add.</exception>
    public bool Add(T item)
    {
        Enumerator? waiting;
        lock (_lock)
        {
            if (_hasEnded)
            {
                throw new InvalidOperationException(
                    "The queue must not be at its end; it was empty and no item was running. Add items from the "
                    + "operation of an item, or before the fan-out starts.");
            }

            if (_seen?.Add(item) == false)
            {
                return false;
            }

            _items.Enqueue(item);
            waiting = StopWaiting();
            AssertInvariants();
        }

        waiting?.Wake(hasNext: true);
        return true;
    }

    /// <summary>Takes the items in the order in which they were added, until the queue is empty when the next item is
    /// requested. That ends the queue.</summary>
    /// <param name="cancellationToken">Stops the enumeration.</param>
    /// <returns>An enumerator. Disposing it allows the next enumeration.</returns>
    /// <exception cref="InvalidOperationException">A fan-out or another enumeration uses the queue.</exception>
    public IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
        Open(isTracked: false, cancellationToken);

    /// <inheritdoc/>
    IFanOutQueueEnumerator<T> IFanOutQueue<T>.Open(CancellationToken cancellationToken) =>
        Open(isTracked: true, cancellationToken);

    private Enumerator Open(bool isTracked, CancellationToken cancellationToken)
    {
        var enumerator = new Enumerator(this, isTracked, cancellationToken);
        lock (_lock)
        {
            if (_enumerator is not null)
            {
                throw new InvalidOperationException(
                    "A FanOutQueue must be used by one fan-out or enumeration at a time; another one uses it.");
            }

            _enumerator = enumerator;
        }

        enumerator.Register(); // Outside the lock: the callback may run at once.
        return enumerator;
    }

    /// <summary>Stops the wait of the enumerator. Called under the lock.</summary>
    /// <returns>The enumerator, which the caller must wake after it leaves the lock; null if it does not wait.</returns>
    private Enumerator? StopWaiting()
    {
        var waiting = _isWaiting ? _enumerator : null;
        _isWaiting = false;
        return waiting;
    }

    /// <summary>Gives the items that were added to the enumerator, whose part is empty. Called under the lock.</summary>
    private void Swap() => (_items, _taking) = (_taking, _items);

    [Conditional("DEBUG")]
    private void AssertInvariants()
    {
        Debug.Assert(!_isWaiting || _enumerator is not null, "A wait without an enumerator.");
        Debug.Assert(!_isWaiting || _items.Count + _taking.Count == 0, "A wait although items exist.");
        Debug.Assert(!_hasEnded || (_items.Count == 0 && _taking.Count == 0 && !_isWaiting), "Work after the end.");
    }

    /// <summary>The enumerator, and the wait of its <see cref="MoveNextAsync"/>.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="isTracked">True if a run calls <see cref="OnItemEnded"/>; false if requesting the next item ends the
    /// one before it.</param>
    /// <param name="token">Ends a wait.</param>
    private sealed class Enumerator(FanOutQueue<T> queue, bool isTracked, CancellationToken token)
        : IFanOutQueueEnumerator<T>, IValueTaskSource<bool>
    {
        private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
        private CancellationTokenRegistration _registration;
        private T _current = default!;
        private bool _isMoved; // The next item exists and was not taken yet.
        private long _taken;
        private PaddedLong _ended;

        public int Pending
        {
            get
            {
                var ended = Volatile.Read(ref _ended.Value); // First, so that the difference is not negative.
                return (int)(Volatile.Read(ref _taken) - ended);
            }
        }

        /// <summary>Takes the item. Until then it stays in the queue, so a run that stops before it takes the item does
        /// not lose it.</summary>
        public T Current
        {
            get
            {
                if (_isMoved)
                {
                    Take();
                }

                return _current;
            }
        }

        /// <summary>Registers at the token. Only a run waits.</summary>
        public void Register() => _registration = !isTracked
            ? default
            : token.UnsafeRegister(static enumerator => ((Enumerator)enumerator!).OnCancelled(), this);

        public ValueTask<bool> MoveNextAsync()
        {
            if (!isTracked)
            {
                EndCurrent();
            }

            if (token.IsCancellationRequested)
            {
                return ValueTask.FromCanceled<bool>(token);
            }

            if (queue._taking.Count == 0 || queue._enumerator != this)
            {
                return RefillAsync();
            }

            _isMoved = true;
            return new ValueTask<bool>(true);
        }

        public void OnItemEnded()
        {
            if (Interlocked.Increment(ref _ended.Value) != Volatile.Read(ref _taken))
            {
                return; // Another item is pending, and its end comes here.
            }

            lock (queue._lock)
            {
                if (!queue._isWaiting || queue._enumerator != this || Pending > 0)
                {
                    return; // Before it waits, the enumerator finds that nothing is pending.
                }

                _ = queue.StopWaiting();
                queue._hasEnded = true;
                queue.AssertInvariants();
            }

            _core.SetResult(false);
        }

        public void Wake(bool hasNext)
        {
            _isMoved = hasNext;
            _core.SetResult(hasNext);
        }

        public ValueTask DisposeAsync()
        {
            _ = _registration.Unregister();
            lock (queue._lock)
            {
                if (queue._enumerator == this)
                {
                    queue._enumerator = null;
                    queue._isWaiting = false;
                    queue.AssertInvariants();
                }
            }

            (_isMoved, _current) = (false, default!);
            return default;
        }

        bool IValueTaskSource<bool>.GetResult(short token) => _core.GetResult(token);

        ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _core.GetStatus(token);

        void IValueTaskSource<bool>.OnCompleted(
            Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _core.OnCompleted(continuation, state, token, flags);

        /// <summary>Takes over the items that were added, waits for one, or ends the queue.</summary>
        private ValueTask<bool> RefillAsync()
        {
            lock (queue._lock)
            {
                if (queue._enumerator != this)
                {
                    return new ValueTask<bool>(false); // Disposed.
                }

                // Again, under the lock: a later cancellation finds the wait.
                if (token.IsCancellationRequested)
                {
                    return ValueTask.FromCanceled<bool>(token);
                }

                _isMoved = queue._items.Count > 0;
                if (_isMoved)
                {
                    queue.Swap();
                }
                else if (Pending > 0)
                {
                    _core.Reset();
                    queue._isWaiting = true;
                    queue.AssertInvariants();
                    return new ValueTask<bool>(this, _core.Version);
                }
                else
                {
                    queue._hasEnded = true;
                }

                queue.AssertInvariants();
                return new ValueTask<bool>(_isMoved);
            }
        }

        private void Take()
        {
            _isMoved = false;
            if (queue._taking.Count == 0)
            {
                lock (queue._lock)
                {
                    queue.Swap(); // The item ended a wait.
                }
            }

            Volatile.Write(ref _taken, _taken + 1); // Before the caller gets the item, whose end compares the counts.
            _current = queue._taking.Dequeue();
        }

        /// <summary>Ends the item of an enumeration without a run.</summary>
        private void EndCurrent()
        {
            if (_isMoved)
            {
                Take(); // The caller did not read it.
            }

            Volatile.Write(ref _ended.Value, _taken);
        }

        private void OnCancelled()
        {
            lock (queue._lock)
            {
                if (queue._enumerator != this || queue.StopWaiting() is null)
                {
                    return;
                }
            }

            _core.SetException(new OperationCanceledException(token));
        }
    }
}
