using System.Threading.Tasks.Sources;

namespace AsyncKit;

/// <summary>
/// Lets one worker at a time pull from the enumerator. Who does not get in spins briefly, then parks without a thread.
/// A worker that runs may overtake parked ones, so cheap enumerators cost no hop through the pool.
/// </summary>
/// <remarks>
/// Invariants:
/// (1) Held is set by one worker at a time; only the holder releases or closes.
/// (2) Parked is set exactly while the stack is not empty, and both change together under the lock.
/// (3) Coming means: one worker was started or woken and has neither entered nor parked since.
/// (4) Not held and Parked implies Coming: nobody sleeps beside a free gate.
/// (5) Closed is final; no worker is parked afterwards.
/// </remarks>
internal sealed class EnumeratorLock
{
    private const int Held = 1;
    private const int Parked = 2;
    private const int Coming = 4;
    private const int Closed = 8;

    private readonly Lock _lock = new();
    private Waiter? _parked;
    private PaddedInt _state = new() { Value = Coming }; // The first worker.
    private volatile bool _isSlow;

    public bool IsClosed => (Volatile.Read(ref _state.Value) & Closed) != 0;

    public int ParkedWorkers
    {
        get
        {
            lock (_lock)
            {
                var count = 0;
                for (var worker = _parked; worker is not null; worker = worker.Next)
                {
                    count++;
                }

                return count;
            }
        }
    }

    /// <summary>Set by the holder around a wait, so that the others do not spin for it.</summary>
    public bool IsSlow
    {
        set => _isSlow = value;
    }

    /// <returns>True when the worker holds the gate or the gate is closed; false when it must park.</returns>
    public bool TryEnter(Waiter worker)
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
                var entered = (worker.IsComing ? state & ~Coming : state) | Held;
                if (Interlocked.CompareExchange(ref _state.Value, entered, state) == state)
                {
                    worker.IsComing = false;
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

    /// <summary>Ends when it is this worker's turn to try again: at once if the gate has become free
    /// meanwhile.</summary>
    public ValueTask ParkAsync(Waiter worker)
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

                var parked = (worker.IsComing ? state & ~Coming : state) | Parked;
                if (Interlocked.CompareExchange(ref _state.Value, parked, state) == state)
                {
                    break;
                }
            }

            worker.IsComing = false;
            worker.Next = _parked;
            _parked = worker;
            return worker.WaitAsync();
        }
    }

    /// <summary>Leaves the gate and sees to it that the next item is pulled, by a parked worker or by a new
    /// one.</summary>
    /// <returns>True when the caller must start a worker, which counts as coming from now on.</returns>
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

    /// <summary>Leaves the gate for good: whoever is parked or comes later finds it closed.</summary>
    public void Close()
    {
        Waiter? worker;
        lock (_lock)
        {
            worker = _parked;
            _parked = null;
            Volatile.Write(ref _state.Value, Closed);
        }

        while (worker is not null)
        {
            var next = worker.Next; // Before the wake: the worker may park again elsewhere at once.
            worker.Wake();
            worker = next;
        }
    }

    private void WakeOne()
    {
        Waiter worker;
        lock (_lock)
        {
            // Held and not coming: nobody else can change the state now but a parking worker, and that takes the lock.
            worker = _parked!;
            _parked = worker.Next;
            worker.IsComing = true;
            Volatile.Write(ref _state.Value, _parked is null ? Coming : Coming | Parked);
        }

        worker.Wake();
    }

    /// <summary>A worker's place at the gate; reused for every wait of that worker.</summary>
    internal sealed class Waiter(bool isComing) : IValueTaskSource
    {
        private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };

        public bool IsComing { get; set; } = isComing;

        public Waiter? Next { get; set; }

        public ValueTask WaitAsync()
        {
            _core.Reset();
            return new ValueTask(this, _core.Version);
        }

        public void Wake() => _core.SetResult(true);

        public void GetResult(short token) => _core.GetResult(token);

        public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

        public void OnCompleted(
            Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _core.OnCompleted(continuation, state, token, flags);
    }
}
