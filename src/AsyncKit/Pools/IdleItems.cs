using System.Diagnostics;

namespace AsyncKit;

/// <summary>The idle items of an <see cref="AsyncPool{T}"/>, and the timer that starts a sweep when the next one
/// expires.</summary>
/// <remarks>
/// Lifetime: that of the pool. Disposing the pool closes it.
/// <para>
/// Invariants:
/// (1) No item is idle after closing.
/// (2) The most recently returned item is last, and is taken first.
/// (3) If items expire and any is idle, a sweep is scheduled no later than the next expiry, or a sweep is about to run.
/// </para>
/// <para>
/// A clock that throws must lose neither an item nor its permit. Under such a clock an item counts as expired, and a
/// timer that cannot be set is set by the next returned item.
/// </para>
/// </remarks>
internal sealed class IdleItems<T>(AsyncPoolOptions<T> options, TimeProvider clock, Func<Task> sweepAsync)
    : IThreadPoolWorkItem
    where T : notnull
{
    private static readonly TimeSpan ShortestWait = TimeSpan.FromSeconds(1); // An expired item must not cause a loop.

    private readonly Lock _lock = new();
    private readonly List<PoolItem<T>> _items = [];
    private readonly bool _expires = options.IdleTimeout is not null || options.MaxAge is not null;
    private ITimer? _timer;
    private long _sweepAt = long.MaxValue;
    private bool _isClosed;

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _items.Count;
            }
        }
    }

    /// <returns>The next item; null if no item is idle, or if the next one expired and only a fresh one is
    /// requested.</returns>
    public PoolItem<T>? TryTake(bool freshOnly)
    {
        using (_lock.EnterUninterrupted()) // An interrupt would lose the renter's permit.
        {
            return freshOnly && _items is [.., var last] && IsExpired(last) ? null : TakeAt(_items.Count - 1);
        }
    }

    /// <summary>Takes any expired item. Schedules the next sweep if no item expired.</summary>
    public PoolItem<T>? TryTakeExpired()
    {
        lock (_lock)
        {
            var item = TakeAt(_items.FindIndex(IsExpired));
            if (item is null && _items.Count > 0)
            {
                SweepAfter(_items.Min(TimeLeft));
            }

            return item;
        }
    }

    /// <summary>Schedules the next sweep after one that found no free permit.</summary>
    public void RescheduleSweep()
    {
        lock (_lock)
        {
            if (_items.Count > 0) // Otherwise the next returned item schedules one, or the pool is closed.
            {
                var time = _items.Min(TimeLeft);
                SweepAfter(time < ShortestWait ? ShortestWait : time);
            }
        }
    }

    /// <returns>False if the item expired or the pool is closed.</returns>
    public bool TryAdd(PoolItem<T> item)
    {
        using (_lock.EnterUninterrupted()) // An interrupt would lose the item and its permit.
        {
            item.IdleSince = Timestamp();
            if (_isClosed || IsExpired(item))
            {
                return false;
            }

            _items.Add(item);
            if (_expires)
            {
                SweepAfter(TimeLeft(item));
            }

            return true;
        }
    }

    /// <returns>The items that were idle.</returns>
    public PoolItem<T>[] Close()
    {
        using (_lock.EnterUninterrupted()) // An interrupt would leave the pool half closed.
        {
            _isClosed = true;
            PoolItem<T>[] items = [.. _items];
            _items.Clear();
            AssertInvariants();
            try
            {
                _timer?.Dispose();
            }
            catch (Exception)
            {
                // See the remarks.
            }

            return items;
        }
    }

    public bool IsExpired(PoolItem<T> item) => _expires && TimeLeft(item) <= TimeSpan.Zero;

    /// <summary>Runs on the thread pool when the timer fires.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        lock (_lock)
        {
            _sweepAt = long.MaxValue; // The sweep, or the next returned item, schedules another one.
        }

        _ = sweepAsync();
    }

    /// <summary>Returns the current timestamp; zero if items do not expire or the clock throws.</summary>
    public long Timestamp()
    {
        try
        {
            return _expires ? clock.GetTimestamp() : 0;
        }
        catch (Exception)
        {
            return 0;
        }
    }

    private PoolItem<T>? TakeAt(int index)
    {
        AssertInvariants();
        if (index < 0)
        {
            return null;
        }

        var item = _items[index];
        _items.RemoveAt(index);
        return item;
    }

    private TimeSpan TimeLeft(PoolItem<T> item)
    {
        try
        {
            var now = clock.GetTimestamp();
            var idle = options.IdleTimeout is { } timeout
                ? timeout - clock.GetElapsedTime(item.IdleSince, now)
                : TimeSpan.MaxValue;
            var age = options.MaxAge is { } maxAge
                ? maxAge - clock.GetElapsedTime(item.CreatedAt, now)
                : TimeSpan.MaxValue;
            return idle < age ? idle : age;
        }
        catch (Exception)
        {
            return TimeSpan.Zero;
        }
    }

    /// <summary>Starts a sweep no later than after this time. A sweep that starts too early only checks the
    /// items.</summary>
    private void SweepAfter(TimeSpan time)
    {
        try
        {
            var at = clock.GetTimestamp() + (long)(time.TotalSeconds * clock.TimestampFrequency);
            if (at >= _sweepAt)
            {
                return;
            }

            _timer ??= clock.CreateTimer(
                static state => AsyncEnvironment.Queue((IdleItems<T>)state!),
                this,
                Timeout.InfiniteTimeSpan,
                Timeout.InfiniteTimeSpan);
            _ = _timer.Change(time > TimeSpan.Zero ? time : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
            _sweepAt = at;
        }
        catch (Exception)
        {
            // See the remarks.
        }
    }

    [Conditional("DEBUG")]
    private void AssertInvariants()
    {
        Debug.Assert(_lock.IsHeldByCurrentThread, "The lock is not held.");
        Debug.Assert(!_isClosed || _items.Count == 0, "An item is idle in a closed pool.");
    }
}
