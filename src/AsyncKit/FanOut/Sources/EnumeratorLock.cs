namespace AsyncKit;

/// <summary>Lets one worker at a time use the enumerator; the others spin briefly and then park without a
/// thread.</summary>
/// <remarks>
/// Lifetime: one for each pulled source. A running worker may overtake parked ones: all workers are alike, and so a
/// cheap enumerator needs no switch to another thread.
/// <para>
/// Invariants:
/// (1) Held is set by one worker at a time; only the holder releases or closes.
/// (2) Parked is set exactly while the stack of waiters is not empty, and both change together under the lock.
/// (3) Coming means that one worker was started or woken and has neither entered nor parked since.
/// (4) Parked without Held implies Coming: no worker stays parked while the lock is free.
/// (5) Closed is final; no worker is parked afterwards.
/// </para>
/// </remarks>
internal sealed class EnumeratorLock
{
    private const int Held = 1;
    private const int Parked = 2;
    private const int Coming = 4;
    private const int Closed = 8;

    private readonly Lock _lock = new();
    private Waiter? _parked;
    private PaddedInt _state = new() { Value = Coming }; // The run starts the first worker.
    private volatile bool _isSlow;

    public bool IsClosed => (Volatile.Read(ref _state.Value) & Closed) != 0;

    public int ParkedWorkers
    {
        get
        {
            lock (_lock)
            {
                var count = 0;
                for (var waiter = _parked; waiter is not null; waiter = waiter.Next)
                {
                    count++;
                }

                return count;
            }
        }
    }

    /// <summary>Set by the holder while it awaits the source, so that the other workers do not spin.</summary>
    public bool IsSlow
    {
        set => _isSlow = value;
    }

    /// <returns>True if the worker holds the lock or the lock is closed; false if the worker must park.</returns>
    public bool TryEnter(Waiter waiter)
    {
        var spinner = default(SpinWait);
        while (true)
        {
            var state = Volatile.Read(ref _state.Value);
            if ((state & Closed) != 0)
            {
                return true;
            }

            if ((state & Held) == 0)
            {
                var entered = (waiter.IsComing ? state & ~Coming : state) | Held;
                if (Interlocked.CompareExchange(ref _state.Value, entered, state) == state)
                {
                    waiter.IsComing = false;
                    return true;
                }
            }
            else if (_isSlow || spinner.NextSpinWillYield)
            {
                return false;
            }
            else
            {
                spinner.SpinOnce();
            }
        }
    }

    /// <summary>Completes when the worker must call <see cref="TryEnter"/> again: at once if the lock became
    /// free.</summary>
    public ValueTask ParkAsync(Waiter waiter)
    {
        lock (_lock)
        {
            while (true)
            {
                var state = Volatile.Read(ref _state.Value);
                if ((state & Held) == 0)
                {
                    return default; // Free or closed.
                }

                var parked = (waiter.IsComing ? state & ~Coming : state) | Parked;
                if (Interlocked.CompareExchange(ref _state.Value, parked, state) == state)
                {
                    break;
                }
            }

            waiter.IsComing = false;
            waiter.Next = _parked;
            _parked = waiter;
            return waiter.WaitAsync();
        }
    }

    /// <summary>Releases the lock and ensures that a parked or a new worker pulls the next item.</summary>
    /// <returns>True if the caller must start a worker, which counts as coming from now on; otherwise, false.</returns>
    public bool Release(bool mayStart)
    {
        while (true)
        {
            var state = Volatile.Read(ref _state.Value);
            if ((state & (Coming | Parked)) == Parked)
            {
                WakeOne();
                return false;
            }

            var start = mayStart && (state & Coming) == 0;
            var released = (state & ~Held) | (start ? Coming : 0);
            if (Interlocked.CompareExchange(ref _state.Value, released, state) == state)
            {
                return start;
            }
        }
    }

    /// <summary>Releases the lock for good: every parked worker and every later one finds it closed.</summary>
    public void Close()
    {
        Waiter? waiter;
        lock (_lock)
        {
            waiter = _parked;
            _parked = null;
            Volatile.Write(ref _state.Value, Closed);
        }

        while (waiter is not null)
        {
            var next = waiter.Next; // Before the wake: the worker continues at once.
            waiter.Wake();
            waiter = next;
        }
    }

    private void WakeOne()
    {
        Waiter waiter;
        lock (_lock)
        {
            // While Held is set and Coming is not, only a parking worker changes the state, and it takes the lock
            // first.
            waiter = _parked!;
            _parked = waiter.Next;
            waiter.IsComing = true;
            Volatile.Write(ref _state.Value, _parked is null ? Coming : Coming | Parked);
        }

        waiter.Wake();
    }

    /// <summary>A worker that uses the lock; reused for every wait of that worker.</summary>
    internal sealed class Waiter(bool isComing) : ReusableSignal
    {
        public bool IsComing { get; set; } = isComing;

        public Waiter? Next { get; set; }

        public ValueTask WaitAsync()
        {
            Reset();
            return Woken;
        }

        public void Wake() => Set();
    }
}
