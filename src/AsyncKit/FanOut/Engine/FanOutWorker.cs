using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <summary>A loop of a fan-out: claims an item, runs the operation, stores the result, and starts over.</summary>
/// <remarks>
/// Lifetime: from its start until it finds no more items. Everything it allocates, it allocates once.
/// <para>
/// <see cref="Advance(bool, bool?)"/> is plain code that runs until something must be awaited, and
/// <see cref="WorkAsync"/>
/// only awaits. So an operation that completes synchronously costs no more than a call.
/// </para>
/// </remarks>
internal sealed class FanOutWorker<T, TResult>(FanOutRun<T, TResult> run) : IThreadPoolWorkItem
{
    private readonly Operation<T, TResult> _operation = run.Operation;
    private readonly CancellationToken _token = run.Token;
    private readonly ItemState? _state = run.NewItemState();
    private readonly EnumeratorLock.Waiter? _waiter = run.Pulled is null ? null : new(isComing: true);
    private readonly SynchronizationContext? _home = AsyncEnvironment.Controller;
    private ExecutionContext? _context = run.Context;

    // The tasks that WorkAsync awaits, written by Advance.
    private ValueTask<bool> _pull;
    private ValueTask<TResult> _withResult;
    private ValueTask _withoutResult;
    private T _item = default!;
    private long _index;
    private bool _isHolder; // Of the enumerator lock.

    private enum Wait
    {
        ForNothing,
        ForTurn,
        ForItem,
        ForOperation,
        IsOver,
    }

    public void Execute()
    {
        if (_context is null)
        {
            _context = ExecutionContext.Capture(); // The flow was suppressed at the call: the default context.
            _ = WorkAsync();
        }
        else
        {
            ExecutionContext.Run(_context, static worker => _ = ((FanOutWorker<T, TResult>)worker!).WorkAsync(), this);
        }
    }

    private async Task WorkAsync()
    {
        try
        {
            var wait = Advance(afterItem: false, hasPulled: null);
            while (wait != Wait.IsOver)
            {
                bool? hasPulled = null;
                switch (wait)
                {
                    case Wait.ForTurn:
                        await run.Pulled!.Lock.ParkAsync(_waiter!).NoContext();
                        break;

                    case Wait.ForItem:
                        hasPulled = await _pull.NoContext();
                        run.Pulled!.Lock.IsSlow = false;
                        break;

                    case Wait.ForOperation:
                        try
                        {
                            if (_operation.HasResult)
                            {
                                run.OnItemSucceeded(_index, _item, await _withResult.NoContext(), _state);
                            }
                            else
                            {
                                await _withoutResult.NoContext();
                                run.OnItemSucceeded(_index, _item, _state);
                            }
                        }
                        catch (Exception exception)
                        {
                            await FailAsync(exception).NoContext();
                        }

                        _item = default!; // Let the item be collected while the worker waits for the next one.
                        break;
                }

                if (!AsyncEnvironment.IsOnPool)
                {
                    await AsyncEnvironment.ToPool(); // The thread that completed the wait must not run the next item.
                }

                wait = Advance(afterItem: wait == Wait.ForOperation, hasPulled);
            }
        }
        catch (Exception exception)
        {
            if (_isHolder)
            {
                run.Pulled!.Lock.Close(); // A failing source throws to the holder, which must not keep the others parked.
            }

            run.OnPullFailed(exception);
        }

        _ = ExitAsync();
    }

    /// <summary>Disposes the worker's resource and releases the run, which may finish inside.</summary>
    private async Task ExitAsync()
    {
        RestoreContext(); // User code runs next: the worker's resource is disposed, or the source.
        try
        {
            if (_state is { MustBeDisposed: true })
            {
                await _state.DisposeAsync().NoContext();
            }
        }
        catch (Exception exception)
        {
            run.OnSourceFailed(exception);
        }

        LeakCounter.End();
        run.Release();
    }

    private Wait Advance(bool afterItem, bool? hasPulled) =>
        run.Indexed is { } indexed ? Advance(indexed, afterItem) : Advance(run.Pulled!, afterItem, hasPulled);

    private Wait Advance(IndexedSource<T> indexed, bool afterItem)
    {
        while (!run.MustStop())
        {
            if (run.MustDrain() || !indexed.TryClaim(out var index, out var item))
            {
                return Wait.IsOver;
            }

            // Before the operation, which may block: the worker that was started last starts the next.
            if (!afterItem && indexed.HasMore && run.MayStartWorker)
            {
                run.StartWorker();
            }

            if (!TryRun(index, item))
            {
                return Wait.ForOperation;
            }

            afterItem = true;
        }

        if (afterItem || indexed.HasMore)
        {
            run.MarkIncomplete();
        }

        return Wait.IsOver;
    }

    private Wait Advance(PulledSource<T> pulled, bool afterItem, bool? hasPulled)
    {
        var wait = Wait.ForNothing;
        if (hasPulled is not null)
        {
            wait = PullAndRun(pulled, hasPulled);
            afterItem = true;
        }

        while (wait == Wait.ForNothing)
        {
            if (afterItem && run.MustStop())
            {
                run.MarkIncomplete(); // An item that completed after the stop must not make the run a success.
            }
            else if (afterItem && run.Keys is { } keys && keys.TryTakeNext(ref _index, out var next))
            {
                wait = TryRun(_index, next) ? Wait.ForNothing : Wait.ForOperation;
                continue;
            }

            if (!pulled.Lock.TryEnter(_waiter!)) // Even when stopping: the holder closes the lock for the others.
            {
                return Wait.ForTurn;
            }

            _isHolder = !pulled.Lock.IsClosed;
            wait = _isHolder ? PullAndRun(pulled, hasPulled: null) : Wait.IsOver;
            afterItem = true;
        }

        return wait;
    }

    /// <summary>Pulls an item that may start, releases the lock and runs the item. Called by the holder of the lock.
    /// Closes the lock if the source ended or the run was stopped.</summary>
    private Wait PullAndRun(PulledSource<T> pulled, bool? hasPulled)
    {
        long index;
        T item;
        do
        {
            var mustStop = run.MustStop();
            if (hasPulled is null && !mustStop)
            {
                RestoreContext();
                var pull = run.Keys is { HasRoom: false } full
                    ? PullWhenRoomAsync(pulled, full)
                    : pulled.MoveNextAsync(_token);
                if (!pull.IsCompleted)
                {
                    pulled.Lock.IsSlow = true;
                    _pull = pull;
                    return Wait.ForItem;
                }

                hasPulled = pull.Completed();
                mustStop = run.MustStop();
            }

            if (mustStop)
            {
                run.MarkIncomplete(); // Even at the end of the source, because the stop may end it.
            }

            if (mustStop || hasPulled is false)
            {
                if (hasPulled is true)
                {
                    run.KeepUnstarted(pulled);
                }

                _isHolder = false;
                pulled.Lock.Close();
                return Wait.IsOver;
            }

            run.PrepareResults(pulled.CountHint);
            item = pulled.Take(out index);
            hasPulled = null;
        }
        while (run.Keys is { } keys && !MayStart(keys, index, item));

        // Before the operation, which may block: a parked worker or a new one pulls the next item.
        _isHolder = false;
        if (pulled.Lock.Release(run.MayStartWorker))
        {
            run.StartWorker();
        }

        _index = index;
        return TryRun(index, item) ? Wait.ForNothing : Wait.ForOperation;
    }

    private bool MayStart(KeyScheduler<T> keys, long index, T item)
    {
        RestoreContext(); // The key function must not see an AsyncLocal that the source set.
        return keys.TryStart(index, item);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> PullWhenRoomAsync(PulledSource<T> pulled, KeyScheduler<T> keys)
    {
        await keys.UntilRoomAsync().NoContext();
        return !run.MustStop() && await pulled.MoveNextAsync(_token).NoContext();
    }

    /// <summary>Calls the operation for an item and, if it completes synchronously, records the outcome.</summary>
    /// <returns>False if the operation must be awaited; otherwise, true.</returns>
    private bool TryRun(long index, T item)
    {
        RestoreContext();
        long? begun = null;
        try
        {
            if (_state is not null)
            {
                run.OnItemTaken(index, item, _state); // Inside the try: every item that was taken gets an outcome.
            }

            if (SynchronousPrefix.IsObserved)
            {
                begun = run.Clock.GetTimestamp();
            }

            if (_operation.HasResult)
            {
                var started = _operation.InvokeAsync(item, _state, _token);
                if (!started.IsCompleted)
                {
                    _withResult = started;
                    (_index, _item) = (index, item);
                    return false;
                }

                run.OnItemSucceeded(index, item, started.Completed(), _state);
            }
            else
            {
                var started = _operation.InvokeWithoutResultAsync(item, _state, _token);
                if (!started.IsCompleted)
                {
                    _withoutResult = started;
                    (_index, _item) = (index, item);
                    return false;
                }

                started.Completed();
                run.OnItemSucceeded(index, item, _state);
            }
        }
        catch (Exception exception)
        {
            if (_state is { IsResourceUsed: true })
            {
                return FailLater(index, item, exception); // Discarding the resource must be awaited.
            }

            run.OnItemFailed(index, item, exception, _state);
        }
        finally
        {
            if (begun is { } then)
            {
                SynchronousPrefix.Report(run.Name, index, run.Clock.GetElapsedTime(then));
            }
        }

        return true;
    }

    /// <summary>Records the failure of an item and discards the worker's resource. A failure that stops the run is
    /// recorded first, so that no item starts in between. Any other one is recorded afterwards, because the reader of a
    /// stream may see it at once, and it carries an exception from disposing.</summary>
    private async ValueTask FailAsync(Exception exception)
    {
        var recordsFirst = run.Failures.StopsAtFirst || _state is not { IsResourceUsed: true };
        if (recordsFirst)
        {
            run.OnItemFailed(_index, _item, exception, _state);
        }

        if (_state is { IsResourceUsed: true, Resource: { } resource })
        {
            RestoreContext(); // Disposing must not see an AsyncLocal that the operation set.
            await resource.DiscardAsync(exception, _state).NoContext();
            if (!recordsFirst)
            {
                run.OnItemFailed(_index, _item, exception, _state);
            }
            else if (_state.DisposeException is { } ofResource)
            {
                run.OnDiscardFailed(exception, ofResource);
            }
        }
    }

    /// <summary>Returns false, so that the caller awaits a task with the exception.</summary>
    private bool FailLater(long index, T item, Exception exception)
    {
        (_index, _item) = (index, item);
        if (_operation.HasResult)
        {
            _withResult = new(Task.FromException<TResult>(exception));
        }
        else
        {
            _withoutResult = new(Task.FromException(exception));
        }

        return false;
    }

    /// <summary>Restores the caller's context, so that user code does not see what an earlier item or the source
    /// set.</summary>
    private void RestoreContext() => CallerContext.Restore(_context!, _home);
}
