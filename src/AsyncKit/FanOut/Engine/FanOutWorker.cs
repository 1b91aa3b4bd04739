namespace AsyncKit;

/// <summary>
/// One of the loops that do the work of a run: claims an item, runs the operation, stores the result, again. All that
/// is allocated is allocated once a worker.
/// </summary>
/// <remarks>
/// <see cref="Advance(bool)"/> goes as far as it gets without waiting, in plain code; <see cref="WorkAsync"/> only
/// waits. So an operation that completes synchronously costs no more than a call.
/// </remarks>
internal sealed class FanOutWorker<T, TResult>(FanOutRun<T, TResult> run) : IThreadPoolWorkItem
{
    private readonly Operation<T, TResult> _operation = run.Operation;
    private readonly CancellationToken _token = run.Token;
    private readonly ItemState? _slot = run.NewSlot();
    private readonly EnumeratorLock.Waiter? _place = run.Pulled is null ? null : new(isComing: true);
    private readonly SynchronizationContext? _home = AsyncEnvironment.Controller;
    private ExecutionContext? _context = run.Context;

    // What WorkAsync waits for, as Advance left it.
    private ValueTask<bool> _pull;
    private ValueTask<TResult> _withResult;
    private ValueTask _withoutResult;
    private T _item = default!;
    private long _index;

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
            _context = ExecutionContext.Capture(); // The flow was suppressed at the call: the pool's own context.
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
            var wait = Advance(afterItem: false);
            while (wait != Wait.IsOver)
            {
                switch (wait)
                {
                    case Wait.ForTurn:
                        await run.Pulled!.Gate.ParkAsync(_place!).NoContext();
                        wait = Advance(afterItem: false);
                        break;

                    case Wait.ForItem:
                        bool more;
                        try
                        {
                            more = await _pull.NoContext();
                        }
                        catch
                        {
                            run.Pulled!.Gate.Close();
                            throw;
                        }

                        run.Pulled!.Gate.IsSlow = false;
                        if (!AsyncEnvironment.IsOnPool)
                        {
                            await AsyncEnvironment.ToPool(); // Whoever completed this gets its thread back before the next item runs.
                        }

                        wait = TakeAndRun(run.Pulled!, more);
                        break;

                    case Wait.ForOperation:
                        try
                        {
                            if (_operation.HasResult)
                            {
                                run.OnItemSucceeded(_index, _item, await _withResult.NoContext(), _slot);
                            }
                            else
                            {
                                await _withoutResult.NoContext();
                                run.OnItemSucceeded(_index, _item, _slot);
                            }
                        }
                        catch (Exception exception)
                        {
                            run.OnItemFailed(_index, _item, exception, _slot);
                        }

                        _item = default!; // Nobody else may need it any more.
                        if (!AsyncEnvironment.IsOnPool)
                        {
                            await AsyncEnvironment.ToPool(); // Whoever completed this gets its thread back before the next item runs.
                        }

                        wait = Advance(afterItem: true);
                        break;

                    default:
                        wait = Advance(afterItem: true);
                        break;
                }
            }
        }
        catch (Exception exception)
        {
            run.OnPullFailed(exception);
        }

        RestoreContext(); // What the worker has opened is disposed next, or the source.
        if (_slot is { MustBeDisposed: true })
        {
            await DisposeAsync(_slot).NoContext();
        }

        LeakCounter.End();
        run.Release();
    }

    private async Task DisposeAsync(ItemState slot)
    {
        try
        {
            await slot.DisposeAsync().NoContext();
        }
        catch (Exception exception)
        {
            // It is the user's and may throw anything.
            run.OnSourceFailed(exception);
        }
    }

    private Wait Advance(bool afterItem) =>
        run.Indexed is { } indexed ? Advance(indexed, afterItem) : Advance(run.Pulled!, afterItem);

    private Wait Advance(IndexedSource<T> indexed, bool afterItem)
    {
        while (!run.MustStop())
        {
            if (!indexed.TryClaim(out var index, out var item))
            {
                return Wait.IsOver;
            }

            // Before the body, which may block: the last worker started starts the next.
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

    private Wait Advance(PulledSource<T> pulled, bool afterItem)
    {
        var wait = Wait.ForNothing;
        while (wait == Wait.ForNothing)
        {
            if (afterItem && run.MustStop())
            {
                run.MarkIncomplete(); // An item that ended after the stop may not count as a success of the whole.
            }
            else if (afterItem && pulled.TryTakeNext(ref _index, out var next))
            {
                wait = TryRun(_index, next) ? Wait.ForNothing : Wait.ForOperation;
                continue;
            }

            if (!pulled.Gate.TryEnter(_place!)) // Also when stopping: whoever gets in closes it for the others.
            {
                return Wait.ForTurn;
            }

            wait = pulled.Gate.IsClosed ? Wait.IsOver : PullTakeAndRun(pulled);
            afterItem = true;
        }

        return wait;
    }

    /// <summary>As the holder of the gate, which is left or closed.</summary>
    private Wait PullTakeAndRun(PulledSource<T> pulled)
    {
        var more = false;
        try
        {
            if (!run.MustStop())
            {
                RestoreContext();
                var pull = pulled.MoveNextAsync(_token);
                if (!pull.IsCompleted)
                {
                    pulled.Gate.IsSlow = true;
                    _pull = pull;
                    return Wait.ForItem;
                }

                more = pull.Completed();
            }
        }
        catch
        {
            pulled.Gate.Close();
            throw;
        }

        return TakeAndRun(pulled, more);
    }

    /// <inheritdoc cref="PullTakeAndRun"/>
    private Wait TakeAndRun(PulledSource<T> pulled, bool more)
    {
        long index;
        T item;
        try
        {
            var mustStop = run.MustStop();
            if (mustStop)
            {
                run.MarkIncomplete(); // Also at the end: a source that was told to stop may end as if that were all.
            }

            if (mustStop || !more)
            {
                pulled.Gate.Close();
                return Wait.IsOver;
            }

            run.PrepareResults(pulled.CountHint);
            item = pulled.Take(out index);
        }
        catch
        {
            pulled.Gate.Close();
            throw;
        }

        // Before the body, which may block: whoever waits pulls the next item, or a new worker.
        if (pulled.Gate.Release(run.MayStartWorker))
        {
            run.StartWorker();
        }

        _index = index;
        return TryRun(index, item) ? Wait.ForNothing : Wait.ForOperation;
    }

    /// <returns>False when the operation has not completed yet.</returns>
    private bool TryRun(long index, T item)
    {
        RestoreContext();
        long? begun = null;
        try
        {
            if (_slot is not null)
            {
                run.OnItemTaken(index, item, _slot); // Inside: an item that was taken is put, whatever throws.
            }

            if (SynchronousPrefix.IsObserved)
            {
                begun = run.Clock.GetTimestamp();
            }

            if (_operation.HasResult)
            {
                var started = _operation.InvokeAsync(item, _slot, _token);
                if (!started.IsCompleted)
                {
                    _withResult = started;
                    (_index, _item) = (index, item);
                    return false;
                }

                run.OnItemSucceeded(index, item, started.Completed(), _slot);
            }
            else
            {
                var started = _operation.InvokeWithoutResultAsync(item, _slot, _token);
                if (!started.IsCompleted)
                {
                    _withoutResult = started;
                    (_index, _item) = (index, item);
                    return false;
                }

                started.Completed();
                run.OnItemSucceeded(index, item, _slot);
            }
        }
        catch (Exception exception)
        {
            run.OnItemFailed(index, item, exception, _slot);
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

    /// <summary>What an item or the source has set in the context is not seen by the next.</summary>
    private void RestoreContext()
    {
        if (ExecutionContext.Capture() != _context)
        {
            ExecutionContext.Restore(_context!);
        }

        if (SynchronizationContext.Current != _home)
        {
            SynchronizationContext.SetSynchronizationContext(_home);
        }
    }
}
