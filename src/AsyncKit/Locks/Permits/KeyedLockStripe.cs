namespace AsyncKit;

/// <summary>The part of the keys of a <see cref="KeyedLock{TKey}"/> that have a lock on their entries in common.</summary>
/// <remarks>
/// Invariants: (1) An entry is in the dictionary exactly while somebody holds, waits for or is asking for its key. (2) Who
/// asks is counted before asking, and counted out once, when the lease is disposed or the asking was in vain. (3) An entry
/// that is out of use may serve another key: old leases find another version.
/// </remarks>
internal sealed class KeyedLockStripe<TKey>(IEqualityComparer<TKey> comparer)
    where TKey : notnull
{
    private const int MostSpare = 256;

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

                entry.Key = key;
                _entries.Add(key, entry);
            }

            entry.Users++;
            return entry.Permits;
        }
    }

    public void Describe(ref int keys, ref int waiting, List<string> holders)
    {
        lock (_lock)
        {
            keys += _entries.Count;
            waiting += _entries.Values.Sum(entry => entry.Permits.Waiting);
            if (LeaseTrace.IsOn)
            {
                holders.AddRange(_entries.Values.SelectMany(entry => entry.Permits.Holders));
            }
        }
    }

    private void Leave(Entry entry)
    {
        lock (_lock)
        {
            if (--entry.Users > 0)
            {
                return;
            }

            _ = _entries.Remove(entry.Key!);
            entry.Key = default;
            if (_spare.Count < MostSpare)
            {
                _spare.Push(entry);
            }
        }
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

        /// <summary>Who holds, waits or asks.</summary>
        public int Users { get; set; }

        bool IPermitObserver.TimesWaits => false;

        void IPermitObserver.Left() => _stripe.Leave(this);

        void IPermitObserver.Waited(TimeSpan time)
        {
        }

        void IPermitObserver.Reported(GateSignal signal, int epoch)
        {
        }
    }
}
