using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;

namespace AsyncKit;

/// <summary>
/// Represents a pool of items that are expensive to create, such as connections. A caller rents an item, has it
/// exclusively, and returns it for reuse.
/// </summary>
/// <typeparam name="T">The type of the items. The pool disposes an item through IAsyncDisposable if it is implemented,
/// otherwise through IDisposable if that is.</typeparam>
/// <remarks>
/// <list type="bullet">
/// <item>At most MaxSize items exist, including those being created and those being disposed.</item>
/// <item>A failed Create releases its permit, and its exception is thrown to the renter.</item>
/// <item>An item has one renter at a time. The most recently returned item is rented first.</item>
/// <item>Waiters are served in order of arrival. A wait that is cancelled or times out neither acquires nor loses a
/// permit.</item>
/// <item>The pool disposes idle and aged items, and every item that was discarded or not reset.</item>
/// <item>Disposing the pool fails all waiters and later calls, disposes the idle items, and waits for the rented items.
/// Each of those is disposed when it is returned.</item>
/// <item>Create, Validate, Reset and the disposal of an item never run under a lock, nor on the thread of another
/// renter.</item>
/// <item>Create and Validate begin on the SynchronizationContext of the renter, even after a wait, and Reset on that of
/// the code that disposes the lease. Items are disposed on the SynchronizationContext of the call that disposes them,
/// or by a timer on the thread pool.</item>
/// </list>
/// Cost: renting and returning an idle item allocates nothing. Neither does waiting in steady state, even with a
/// cancellable token. Each item has one small object. All members are thread-safe.
/// </remarks>
/// <example>
/// <code>
/// await using var pool = new AsyncPool&lt;Connection&gt;(new(8, token =&gt; Connection.OpenAsync(token)));
///
/// await using var rented = await pool.RentAsync(cancellationToken);
/// await rented.Item.SendAsync(message, cancellationToken);
/// </code>
/// </example>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class AsyncPool<T> : IAsyncDisposable, IMeasuredPool, IPermitObserver
    where T : notnull
{
    // Invariants:
    // (1) An item is owned by the holder of a permit, or idle, or, once the pool is closed, being disposed.
    // (2) A permit is for one item at most. Only a holder without an item creates one, after it found no idle item. So
    // items never outnumber permits.
    // (3) An idle item is disposed by the holder of a permit, so that it counts until it is disposed, or after the pool
    // was closed, when no item is created.
    private readonly AsyncPoolOptions<T> _options;
    private readonly MultiPermitQueue _permits;
    private readonly IdleItems<T> _idle;
    private int _alive;
    private bool _isDisposing;
    private TaskCompletionSource<Unit>? _disposed; // Created by a second call, or completed by the first one.

    /// <summary>Creates an empty pool. An item is created when it is first needed.</summary>
    /// <param name="options">How to create the items, how many, and how long to keep them.</param>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    public AsyncPool(AsyncPoolOptions<T> options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        var displayName = options.Name is null ? nameof(AsyncPool<T>) : $"{nameof(AsyncPool<T>)} '{options.Name}'";
        _permits = new MultiPermitQueue(displayName, options.MaxSize, this) { Clock = options.TimeProvider };
        _idle = new IdleItems<T>(options, AsyncEnvironment.Clock(options.TimeProvider), SweepAsync);
        PoolMetrics.Pools.Add(this);
    }

    /// <summary>The maximum number of items.</summary>
    public int MaxSize => _options.MaxSize;

    /// <summary>The number of items that currently exist: rented, idle, being created or being disposed.</summary>
    public int Alive => Volatile.Read(ref _alive);

    /// <summary>The number of items that are currently idle.</summary>
    public int Idle => _idle.Count;

    /// <summary>The number of permits that are currently held, by rented items and by items being created, validated,
    /// reset or disposed.</summary>
    public int Rented => _permits.Held;

    /// <summary>The number of callers that currently wait for a permit.</summary>
    public int Waiting => _permits.Waiting;

    string? IMeasuredPool.Name => _options.Name;

    bool IPermitObserver.MeasuresWaits => PoolMetrics.WaitDuration.Enabled;

    /// <summary>Rents an item: a valid idle one if available, otherwise a new one. Waits while MaxSize items are in
    /// use.</summary>
    /// <param name="cancellationToken">Cancels the wait. Validate and Create receive it.</param>
    /// <returns>A task that completes with the lease to dispose. It is already completed if an item was idle and
    /// Validate is not set.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled before a permit was acquired. The exception
    /// carries that token.</exception>
    /// <exception cref="ObjectDisposedException">The task is faulted with this if the pool was disposed.</exception>
    /// <exception cref="Exception">The task is faulted with the exception of Create if that failed.</exception>
    public ValueTask<PooledLease<T>> RentAsync(CancellationToken cancellationToken = default) =>
        StartAsync(Timeout.InfiniteTimeSpan, cancellationToken);

    /// <summary>Rents an item; waits no longer than a timeout while MaxSize items are in use.</summary>
    /// <param name="timeout">The longest time to wait for a permit, without the time to create an item: from zero,
    /// which does not wait, to 49 days. <see cref="Timeout.InfiniteTimeSpan"/> disables the limit.</param>
    /// <param name="cancellationToken">Cancels the wait. Validate and Create receive it.</param>
    /// <returns>A task that completes with the lease to dispose.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="timeout"/> is out of range; thrown at the
    /// call.</exception>
    /// <exception cref="TimeoutException">No permit was acquired in time. The message contains the timeout.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled before a permit was acquired. The exception
    /// carries that token.</exception>
    /// <exception cref="ObjectDisposedException">The task is faulted with this if the pool was disposed.</exception>
    /// <exception cref="Exception">The task is faulted with the exception of Create if that failed.</exception>
    public ValueTask<PooledLease<T>> RentAsync(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        StartAsync(Guards.TimerLimit(timeout), cancellationToken);

    /// <summary>Closes the pool, disposes the idle items and waits for the rented ones, which are disposed when they
    /// return. Waiters get an <see cref="ObjectDisposedException"/>.</summary>
    /// <returns>A task that completes when no item exists; the same for every call.</returns>
    public async ValueTask DisposeAsync()
    {
        var disposed = AsyncEnvironment.NewCompletion<Unit>();
        if (Interlocked.Exchange(ref _isDisposing, true))
        {
            await (Interlocked.CompareExchange(ref _disposed, disposed, null) ?? disposed).Task.NoContext();
            return;
        }

        var caller = CallerContext.Capture();
        _permits.Close(); // First: a renter that finds no idle item because of Close must not create one.
        foreach (var item in _idle.Close())
        {
            await caller;
            await DestroyAsync(item, "closed").NoContext();
        }

        await _permits.WhenIdleAsync().NoContext();
        PoolMetrics.Pools.Remove(this);
        disposed.SetResult(default); // No task of it was returned yet.
        if (Interlocked.Exchange(ref _disposed, disposed) is { } awaited)
        {
            AsyncEnvironment.Complete(awaited, default);
        }
    }

    /// <summary>Returns the name of the pool and the numbers of rented items, idle items and waiters.</summary>
    /// <returns>For example "AsyncPool 'db': 8 of 8 rented, 0 idle, 2 waiting".</returns>
    public override string ToString() =>
        $"{_permits.DisplayName}: {Rented} of {MaxSize} rented, {Idle} idle{_permits.WaitingText}";

    void IPermitObserver.WaitCompleted(TimeSpan duration) =>
        PoolMetrics.WaitDuration.Record(duration.TotalSeconds, PoolMetrics.Pools.TagsOf(this));

    void IPermitObserver.CallerLeft()
    {
    }

    /// <summary>Called by the renter that ended the item's version.</summary>
    internal ValueTask ReturnAsync(PoolItem<T> item)
    {
        // Read before the item is idle: another caller may rent it at once, with another permit.
        var permit = item.Permit;
        if (_options.Reset is null && !item.IsBroken && _idle.TryAdd(item))
        {
            permit.Dispose();
            return default;
        }

        return ResetAndReturnAsync(item, permit);
    }

    private ValueTask<PooledLease<T>> StartAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        var waiting = _permits.AcquireAsync(timeout, cancellationToken);
        if (!waiting.IsCompletedSuccessfully)
        {
            return WaitAsync(waiting, CallerContext.Capture(), cancellationToken);
        }

        var permit = waiting.Completed();
        return TryRent(permit) is { } lease
            ? new ValueTask<PooledLease<T>>(lease)
            : FindOrCreateAsync(permit, CallerContext.Capture(), cancellationToken);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<PooledLease<T>> WaitAsync(
        ValueTask<Lease> waiting, CallerContext caller, CancellationToken cancellationToken)
    {
        var permit = await waiting.NoContext();
        return TryRent(permit) ?? await FindOrCreateAsync(permit, caller, cancellationToken).NoContext();
    }

    /// <summary>Rents an idle item if that calls no user code.</summary>
    private PooledLease<T>? TryRent(Lease permit) =>
        _options.Validate is null ? _idle.TryTake(freshOnly: true)?.Rent(permit) : null;

    /// <param name="permit">The permit of the item, which is released if renting fails.</param>
    /// <param name="caller">Where the renter runs, and Validate, Create and the disposal of an item run too.</param>
    /// <param name="cancellationToken">The token of the renter.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<PooledLease<T>> FindOrCreateAsync(
        Lease permit, CallerContext caller, CancellationToken cancellationToken)
    {
        try
        {
            while (_idle.TryTake(freshOnly: false) is { } item)
            {
                await caller;
                if (_idle.IsExpired(item))
                {
                    await DestroyAsync(item, "expired").NoContext();
                }
                else if (await IsValidAsync(item, caller, cancellationToken).NoContext())
                {
                    return item.Rent(permit);
                }
            }

            await caller;
            return (await CreateAsync(cancellationToken).NoContext()).Rent(permit);
        }
        catch
        {
            permit.Dispose(); // Must be last: another caller may now create an item.
            throw;
        }
    }

    private async ValueTask<PoolItem<T>> CreateAsync(CancellationToken cancellationToken)
    {
        if (_permits.IsClosed)
        {
            throw _permits.NewClosedException();
        }

        var alive = Interlocked.Increment(ref _alive);
        Debug.Assert(alive <= MaxSize, "There are more items than permits.");
        try
        {
            var value = await _options.Create(cancellationToken).NoContext();
            var item = new PoolItem<T>(
                this,
                value is null ? throw new InvalidOperationException("Create must not return null.") : value,
                _idle.Timestamp());
            PoolMetrics.CountCreated(this);
            return item;
        }
        catch
        {
            _ = Interlocked.Decrement(ref _alive);
            throw;
        }
    }

    /// <summary>Validates an idle item. Disposes it if it is not valid or if the renter cancelled.</summary>
    private async ValueTask<bool> IsValidAsync(
        PoolItem<T> item, CallerContext caller, CancellationToken cancellationToken)
    {
        try
        {
            if (_options.Validate is null || await _options.Validate(item.Value, cancellationToken).NoContext())
            {
                return true;
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await caller;
            await DestroyAsync(item, "invalid").NoContext(); // The state of the item is unknown.
            throw;
        }
        catch (Exception exception)
        {
            LogFailure(Log.PoolItemNotValidated, exception);
        }

        await caller;
        await DestroyAsync(item, "invalid").NoContext();
        return false;
    }

    private async ValueTask ResetAndReturnAsync(PoolItem<T> item, Lease permit)
    {
        var caller = CallerContext.Capture();
        using (permit)
        {
            var reason = item.IsBroken ? "discarded" : null;
            try
            {
                if (reason is null && _options.Reset is { } resetAsync)
                {
                    await resetAsync(item.Value).NoContext();
                }
            }
            catch (Exception exception)
            {
                LogFailure(Log.PoolItemNotReset, exception);
                reason = "not_reset";
            }

            if (reason is not null || !_idle.TryAdd(item))
            {
                await caller;
                await DestroyAsync(item, reason ?? "expired").NoContext();
            }
        }
    }

    /// <summary>Disposes an item. Never throws: the caller that returns or rents an item is not responsible for
    /// it.</summary>
    private async ValueTask DestroyAsync(PoolItem<T> item, string reason)
    {
        try
        {
            await Disposal.DisposeAsync(item.Value).NoContext();
        }
        catch (Exception exception)
        {
            LogFailure(Log.PoolItemNotDisposed, exception);
        }

        _ = Interlocked.Decrement(ref _alive);
        PoolMetrics.CountDisposed(this, reason);
    }

    private void LogFailure(Action<ILogger, string, Exception> log, Exception exception)
    {
        if (_options.Logger is not { } logger)
        {
            return;
        }

        try
        {
            log(logger, _permits.DisplayName, exception);
        }
        catch (Exception)
        {
            // A logger that throws must lose neither the item nor its permit.
        }
    }

    /// <summary>Disposes the expired items one at a time, each with its own permit. Without a free permit, all items
    /// are in use, and returning one checks its age.</summary>
    private async Task SweepAsync()
    {
        while (_permits.TryAcquire(out var permit))
        {
            using (permit)
            {
                if (_idle.TryTakeExpired() is not { } item)
                {
                    return;
                }

                await DestroyAsync(item, "expired").NoContext();
            }
        }

        // A returner adds its item before it releases its permit. In between, the item is idle without a free permit.
        _idle.RescheduleSweep();
    }
}
