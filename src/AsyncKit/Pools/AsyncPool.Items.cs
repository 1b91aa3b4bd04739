using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <content>What becomes of the items.</content>
public sealed partial class AsyncPool<T>
{
    void IPermitObserver.Waited(TimeSpan time) => PoolMetrics.Waited(this, time);

    void IPermitObserver.Left()
    {
    }

    void IPermitObserver.Reported(GateSignal signal, int epoch)
    {
    }

    /// <summary>By whoever was the renter.</summary>
    internal ValueTask ReturnAsync(PoolItem<T> item)
    {
        var place = item.Place; // Before it is idle: then it may be rented again at once, with another place.
        if (_options.Reset is null && !item.IsBroken && TryKeep(item))
        {
            place.Dispose();
            return default;
        }

        return TakeBackAsync(item, place);
    }

    private ValueTask<PooledLease<T>> StartAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        var place = _permits.AcquireAsync(timeout, cancellationToken);
        if (!place.IsCompletedSuccessfully)
        {
            return WaitAsync(place, cancellationToken);
        }

        var taken = place.Completed();
        return _options.Validate is null && TryTakeFresh() is { } item
            ? new ValueTask<PooledLease<T>>(item.Rent(taken))
            : FillAsync(taken, cancellationToken);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<PooledLease<T>> WaitAsync(ValueTask<Lease> place, CancellationToken cancellationToken)
    {
        var taken = await place.NoContext();
        return _options.Validate is null && TryTakeFresh() is { } item
            ? item.Rent(taken)
            : await FillAsync(taken, cancellationToken).NoContext();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<PooledLease<T>> FillAsync(Lease place, CancellationToken cancellationToken)
    {
        try
        {
            while (TryTake() is { } item)
            {
                if (IsTooOld(item))
                {
                    await DestroyAsync(item, "expired").NoContext();
                }
                else if (await IsValidAsync(item, cancellationToken).NoContext())
                {
                    return item.Rent(place);
                }
            }

            return (await MakeAsync(cancellationToken).NoContext()).Rent(place);
        }
        catch
        {
            place.Dispose(); // Only now may somebody else make one.
            throw;
        }
    }

    private async ValueTask<PoolItem<T>> MakeAsync(CancellationToken cancellationToken)
    {
        var alive = Interlocked.Increment(ref _alive);
        Debug.Assert(alive <= MaxSize, "There are more items than places.");
        try
        {
            var value = await _options.Create(cancellationToken).NoContext();
            var item = new PoolItem<T>(
                this,
                value is null ? throw new InvalidOperationException("Create returned null instead of an item.") : value,
                _clock.GetTimestamp());
            PoolMetrics.CreatedIn(this);
            return item;
        }
        catch
        {
            _ = Interlocked.Decrement(ref _alive);
            throw;
        }
    }

    /// <summary>When it is not valid, or the renter has given up on asking, it is disposed of.</summary>
    private async ValueTask<bool> IsValidAsync(PoolItem<T> item, CancellationToken cancellationToken)
    {
        if (_options.Validate is null)
        {
            return true;
        }

        try
        {
            if (await _options.Validate(item.Value, cancellationToken).NoContext())
            {
                return true;
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await DestroyAsync(item, "invalid").NoContext(); // What state it is in nobody knows.
            throw;
        }
        catch (Exception exception)
        {
            if (_options.Logger is { } logger)
            {
                Log.PoolItemNotValidated(logger, _permits.What, exception);
            }
        }

        await DestroyAsync(item, "invalid").NoContext();
        return false;
    }

    private async ValueTask TakeBackAsync(PoolItem<T> item, Lease place)
    {
        try
        {
            var reason = item.IsBroken ? "discarded" : await ResetAsync(item).NoContext() ? null : "not_reset";
            if (reason is not null || !TryKeep(item))
            {
                await DestroyAsync(item, reason ?? "expired").NoContext();
            }
        }
        finally
        {
            place.Dispose();
        }
    }

    private async ValueTask<bool> ResetAsync(PoolItem<T> item)
    {
        try
        {
            if (_options.Reset is { } resetAsync)
            {
                await resetAsync(item.Value).NoContext();
            }

            return true;
        }
        catch (Exception exception)
        {
            if (_options.Logger is { } logger)
            {
                Log.PoolItemNotReset(logger, _permits.What, exception);
            }

            return false;
        }
    }

    /// <summary>Never throws: who returns an item or takes another one has nothing to do with it.</summary>
    private async ValueTask DestroyAsync(PoolItem<T> item, string reason)
    {
        try
        {
            if (item.Value is IAsyncDisposable asynchronous)
            {
                await asynchronous.DisposeAsync().NoContext();
            }
            else
            {
                (item.Value as IDisposable)?.Dispose();
            }
        }
        catch (Exception exception)
        {
            if (_options.Logger is { } logger)
            {
                Log.PoolItemNotDisposed(logger, _permits.What, exception);
            }
        }

        _ = Interlocked.Decrement(ref _alive);
        PoolMetrics.DisposedIn(this, reason);
    }

    /// <summary>The idle items, for the one call that disposes of them; null for the others.</summary>
    private PoolItem<T>[]? TryClose()
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                return null;
            }

            _isClosed = true;
            PoolItem<T>[] idle = [.. _idle];
            _idle.Clear();
            _sweeper?.Stop();
            return idle;
        }
    }

    private Task WhenDisposedAsync()
    {
        lock (_lock)
        {
            return _isDisposed ? Task.CompletedTask : (_disposed ??= AsyncEnvironment.NewCompletion<bool>()).Task;
        }
    }

    private void EndDisposal()
    {
        TaskCompletionSource<bool>? waiting;
        lock (_lock)
        {
            _isDisposed = true;
            waiting = _disposed;
        }

        if (waiting is not null)
        {
            AsyncEnvironment.Complete(waiting, result: true);
        }
    }

    /// <returns>Null when nothing is idle: then the place is for a new one.</returns>
    private PoolItem<T>? TryTake()
    {
        lock (_lock)
        {
            return _isClosed ? throw _permits.Closed() : TakeAt(_idle.Count - 1);
        }
    }

    /// <returns>Null when nothing is idle, or what would be next is too old.</returns>
    private PoolItem<T>? TryTakeFresh()
    {
        lock (_lock)
        {
            return _idle is [.., var last] && !IsTooOld(last) ? TakeAt(_idle.Count - 1) : null;
        }
    }

    private PoolItem<T>? TakeAt(int index)
    {
        if (index < 0)
        {
            return null;
        }

        var item = _idle[index];
        _idle.RemoveAt(index);
        return item;
    }

    /// <returns>False when the pool was disposed or the item is too old.</returns>
    private bool TryKeep(PoolItem<T> item)
    {
        lock (_lock)
        {
            item.IdleSince = _sweeper is null ? 0 : _clock.GetTimestamp();
            if (_isClosed || IsTooOld(item))
            {
                return false;
            }

            _idle.Add(item);
            _sweeper?.SweepAfter(LeftOf(item));
            return true;
        }
    }

    private bool IsTooOld(PoolItem<T> item) => _sweeper is not null && LeftOf(item) <= TimeSpan.Zero;

    /// <summary>How long until it is too old.</summary>
    private TimeSpan LeftOf(PoolItem<T> item)
    {
        var now = _clock.GetTimestamp();
        var idle = _options.IdleTimeout is { } limit
            ? limit - _clock.GetElapsedTime(item.IdleSince, now)
            : TimeSpan.MaxValue;
        var age = _options.MaxAge is { } maxAge
            ? maxAge - _clock.GetElapsedTime(item.CreatedAt, now)
            : TimeSpan.MaxValue;
        return idle < age ? idle : age;
    }

    /// <summary>Disposes of what is too old, one at a time, each with a place of its own. If there is none, all are in use,
    /// and whoever returns one has it looked at again.</summary>
    private async Task SweepAsync()
    {
        lock (_lock)
        {
            _sweeper!.Begin();
        }

        while (_permits.TryAcquire(out var place))
        {
            PoolItem<T>? item;
            lock (_lock)
            {
                item = TakeAt(_idle.FindIndex(IsTooOld));
                if (item is null && _idle.Count > 0)
                {
                    _sweeper!.SweepAfter(_idle.Min(LeftOf));
                }
            }

            if (item is not null)
            {
                await DestroyAsync(item, "expired").NoContext();
            }

            place.Dispose();
            if (item is null)
            {
                return;
            }
        }
    }
}
