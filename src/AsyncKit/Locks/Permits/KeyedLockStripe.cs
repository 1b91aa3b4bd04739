using System.Diagnostics;

namespace AsyncKit;

/// <summary>The part of the keys of a <see cref="KeyedLock{TKey}"/> whose entries share one lock.</summary>
/// <remarks>
/// Lifetime: that of the keyed lock. An unused entry is kept for the next key.
/// <para>
/// Invariants:
/// (1) An entry is in the dictionary exactly while a caller holds, waits for or requests its key. An entry that
/// could not be removed because the user's comparer threw stays, unused, until the next request of its key.
/// (2) A caller is counted before it requests the permit, and uncounted once: when its lease is disposed or its request
/// fails.
/// (3) An entry may be reused for another key: a stale lease finds another version.
/// </para>
/// </remarks>
internal sealed class KeyedLockStripe<TKey>(IEqualityComparer<TKey> comparer)
    where TKey : notnull
{
    private const int MaxSpare = 256;

    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, Entry> _entries = new(comparer);
    private readonly Stack<Entry> _spare = new();

    public TimeProvider Clock { get; set; } = TimeProvider.System;

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _entries.Count;
            }
        }
    }

    public int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _entries.Values.Sum(entry => entry.Permits.Waiting);
            }
        }
    }

    /// <summary>Counts a caller of the key. The caller must request a permit from the result.</summary>
    public PermitQueue Enter(TKey key)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(key, out var entry))
            {
                if (!_spare.TryPop(out entry))
                {
                    entry = new Entry(this);
                }

                AssertUnused(entry);
                entry.Key = key;
                _entries.Add(key, entry);
            }

            entry.Callers++;
            return entry.Permits;
        }
    }

    private void Leave(Entry entry)
    {
        using (_lock.EnterUninterrupted()) // An interrupt would keep the caller counted.
        {
            if (--entry.Callers > 0)
            {
                return;
            }

            AssertUnused(entry);
            if (!TryRemove(entry))
            {
                return; // It may still be in the dictionary, so another key must not get it.
            }

            entry.Key = default;
            if (_spare.Count < MaxSpare)
            {
                _spare.Push(entry);
            }
        }
    }

    private bool TryRemove(Entry entry)
    {
        try
        {
            return _entries.Remove(entry.Key!);
        }
        catch (Exception)
        {
            return false; // A comparer that throws must not throw from the disposal of a lease.
        }
    }

    [Conditional("DEBUG")]
    private void AssertUnused(Entry entry)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread, "The lock is not held.");
        Debug.Assert(entry.Callers == 0, "An unused entry has callers.");
    }

    private sealed class Entry : IPermitObserver
    {
        private readonly KeyedLockStripe<TKey> _stripe;

        public Entry(KeyedLockStripe<TKey> stripe)
        {
            _stripe = stripe;
            Permits = new SinglePermitQueue(nameof(KeyedLock<TKey>), this) { Clock = stripe.Clock };
        }

        public PermitQueue Permits { get; }

        public TKey? Key { get; set; }

        /// <summary>The callers that hold, wait for or request the key.</summary>
        public int Callers { get; set; }

        void IPermitObserver.CallerLeft() => _stripe.Leave(this);
    }
}
