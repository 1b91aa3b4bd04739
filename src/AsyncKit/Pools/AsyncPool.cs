using System.Diagnostics;

namespace AsyncKit;

/// <summary>
/// Items that are expensive to make and used by one at a time, such as connections: rented, returned, used again.
/// </summary>
/// <typeparam name="T">What the pool is of. Disposed of through IAsyncDisposable, else through IDisposable, if it has one
/// of them.</typeparam>
/// <remarks>
/// <list type="bullet">
/// <item>At most MaxSize items are alive, counting those being created and those being disposed of.</item>
/// <item>A failed Create frees its place and is told to the renter.</item>
/// <item>An item is rented by one at a time, the one that returned last first.</item>
/// <item>Who waits is served in order; a wait that is cancelled or runs out of time takes no place and loses none.</item>
/// <item>Idle and aged items are disposed of, and so is one that was discarded or could not be reset.</item>
/// <item>Disposing the pool lets nobody in any more, disposes of what is idle, waits for what is rented, and disposes of
/// that when it returns.</item>
/// <item>Create, Validate, Reset and the disposal of an item never run under a lock, nor on the thread of another
/// renter.</item>
/// </list>
/// Cost: renting an idle item and returning it allocates nothing, and neither does waiting in steady state, also with a
/// token that can be cancelled; one object per item. All members may be used from several threads.
/// </remarks>
[DebuggerDisplay("{ToString(),nq}")]
public sealed partial class AsyncPool<T> : IAsyncDisposable, IMeasuredPool, IPermitObserver
    where T : notnull
{
    // Invariants: (1) An item is in the hands of whoever has a permit, or idle, or, once the pool is closed, being disposed
    // of. (2) A permit is for one item at most, and an item is made only by who has a permit without one and has found
    // nothing idle: so items never outnumber permits. (3) Idle items are disposed of by who has a permit, so that they
    // count meanwhile, or after the pool was closed, when nothing is made any more. (4) Nothing is idle in a closed pool.
    private readonly Lock _lock = new();
    private readonly AsyncPoolOptions<T> _options;
    private readonly MultiPermitQueue _permits;
    private readonly TimeProvider _clock;
    private readonly List<PoolItem<T>> _idle = []; // The last one returned is the last one here.
    private readonly PoolSweeper? _sweeper;
    private int _alive;
    private bool _isClosed;
    private bool _isDisposed;
    private TaskCompletionSource<bool>? _disposed;

    /// <summary>An empty pool: items are made when they are asked for.</summary>
    /// <param name="options">What it is of, and how many.</param>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    public AsyncPool(AsyncPoolOptions<T> options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _clock = AsyncEnvironment.Clock(options.TimeProvider);
        var what = options.Name is null ? nameof(AsyncPool<T>) : $"{nameof(AsyncPool<T>)} '{options.Name}'";
        _permits = new MultiPermitQueue(what, options.MaxSize, this) { Clock = options.TimeProvider };
        _sweeper = options.IdleTimeout is null && options.MaxAge is null ? null : new PoolSweeper(_clock, SweepAsync);
        PoolMetrics.Add(this);
    }

    /// <summary>The most items at once.</summary>
    public int MaxSize => _options.MaxSize;

    /// <summary>How many items exist at this moment: rented, idle, being created or being disposed of.</summary>
    public int Alive => Volatile.Read(ref _alive);

    /// <summary>How many items wait to be rented at this moment.</summary>
    public int Idle
    {
        get
        {
            lock (_lock)
            {
                return _idle.Count;
            }
        }
    }

    /// <summary>How many places are taken at this moment: by items that are rented or on the way.</summary>
    public int Rented => _permits.Held;

    /// <summary>How many wait for a place at this moment.</summary>
    public int Waiting => _permits.Waiting;

    string? IMeasuredPool.Name => _options.Name;

    bool IPermitObserver.TimesWaits => PoolMetrics.WaitDuration.Enabled;

    /// <summary>Waits for a place and rents an item: an idle one if there is one that is valid, else a new one.</summary>
    /// <param name="cancellationToken">Ends the wait; given to Validate and Create.</param>
    /// <returns>The lease to dispose. It has completed already if there was an idle item and nothing to validate.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled before there was a place; with that
    /// token.</exception>
    /// <exception cref="ObjectDisposedException">The pool was disposed; from the task.</exception>
    /// <exception cref="Exception">What Create has thrown.</exception>
    public ValueTask<PooledLease<T>> RentAsync(CancellationToken cancellationToken = default) =>
        StartAsync(Timeout.InfiniteTimeSpan, cancellationToken);

    /// <summary>Waits for a place, but not longer than that, and rents an item.</summary>
    /// <param name="timeout">For the place, not for creating an item: from zero, which does not wait, to 49 days, or
    /// <see cref="Timeout.InfiniteTimeSpan"/>.</param>
    /// <param name="cancellationToken">Ends the wait; given to Validate and Create.</param>
    /// <returns>The lease to dispose.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="timeout"/> is not in the range; thrown at the
    /// call.</exception>
    /// <exception cref="TimeoutException">There was no place in time; the message names the limit.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled before; with that token.</exception>
    /// <exception cref="ObjectDisposedException">The pool was disposed; from the task.</exception>
    /// <exception cref="Exception">What Create has thrown.</exception>
    public ValueTask<PooledLease<T>> RentAsync(TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        _ = Guards.TimerLimit(timeout);
        return StartAsync(timeout, cancellationToken);
    }

    /// <summary>Lets nobody in any more, disposes of the idle items, and waits for those that are rented, which are disposed
    /// of when they return. Who waits for a place gets an <see cref="ObjectDisposedException"/>.</summary>
    /// <returns>A task that ends when no item is left; the same moment for every call.</returns>
    public async ValueTask DisposeAsync()
    {
        if (TryClose() is not { } idle)
        {
            await WhenDisposedAsync().NoContext();
            return;
        }

        _permits.Close();
        foreach (var item in idle)
        {
            await DestroyAsync(item, "closed").NoContext();
        }

        await _permits.WhenIdleAsync().NoContext();
        EndDisposal();
    }

    /// <summary>How many items are rented, idle and waited for and, with the AppContext switch AsyncKit.TraceLeases, by
    /// whom.</summary>
    /// <returns>Such as "AsyncPool 'db': 8 of 8 rented, 0 idle, 2 waiting".</returns>
    public override string ToString() =>
        $"{_permits.What}: {Rented} of {MaxSize} rented, {Idle} idle{_permits}";
}
