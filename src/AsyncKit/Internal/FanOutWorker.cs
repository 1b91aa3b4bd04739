namespace AsyncKit;

/// <summary>
/// One of the loops that do the work of a run: claims an item, runs the operation, stores the result, again. All that
/// is allocated is allocated once a worker.
/// </summary>
/// <remarks>
/// <see cref="Advance()"/> goes as far as it gets without waiting, in plain code; <see cref="WorkAsync"/> only waits.
/// So an operation that completes synchronously costs no more than a call.
/// </remarks>
internal sealed class FanOutWorker<T, TResult>(FanOutRun<T, TResult> run) : IThreadPoolWorkItem
{
    private readonly Operation<T, TResult> _operation = run.Operation;
    private readonly CancellationToken _token = run.Token;
    private readonly PullGate.Waiter? _place = run.Pulled is null ? null : new(isComing: true);
    private ExecutionContext? _context = run.Context;
    private bool _hasRunOne;

    // What WorkAsync waits for, as Advance left it.
    private ValueTask<bool> _pull;
    private ValueTask<TResult> _withResult;
    private ValueTask _withoutResult;
    private T _item = default!;
    private int _index;

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
            var wait = Advance();
            while (wait != Wait.IsOver)
            {
                switch (wait)
                {
                    case Wait.ForTurn:
                        await run.Pulled!.Gate.ParkAsync(_place!).Cfg();
                        wait = Advance();
                        break;

                    case Wait.ForItem:
                        bool more;
                        try
                        {
                            more = await _pull.Cfg();
                        }
                        catch
                        {
                            run.Pulled!.Gate.Close();
                            throw;
                        }

                        run.Pulled!.Gate.IsSlow = false;
                        if (!Seam.IsOnPool)
                        {
                            await Seam.ToPool(); // Whoever completed this gets its thread back before the next item runs.
                        }

                        wait = TakeAndRun(run.Pulled!, more);
                        break;

                    case Wait.ForOperation:
                        try
                        {
                            if (_operation.HasResult)
                            {
                                run.Store(_index, await _withResult.Cfg());
                            }
                            else
                            {
                                await _withoutResult.Cfg();
                            }
                        }
                        catch (Exception exception)
                        {
                            run.OnItemFailed(_index, _item, exception);
                        }

                        _item = default!; // Nobody else may need it any more.
                        _hasRunOne = true;
                        if (!Seam.IsOnPool)
                        {
                            await Seam.ToPool(); // Whoever completed this gets its thread back before the next item runs.
                        }

                        wait = Advance();
                        break;

                    default:
                        wait = Advance();
                        break;
                }
            }
        }
        catch (Exception exception)
        {
            run.OnSourceFailed(exception);
        }

        run.LetGo();
    }

    private Wait Advance() => run.Indexed is { } indexed ? Advance(indexed) : Advance(run.Pulled!);

    private Wait Advance(IndexedSource<T> indexed)
    {
        while (!run.IsStopping && indexed.TryClaim(out var index, out var item))
        {
            // Before the body, which may block: the last worker started starts the next.
            if (!_hasRunOne && indexed.HasMore && run.MayStartWorker)
            {
                run.StartWorker();
            }

            if (!TryRun(index, item))
            {
                return Wait.ForOperation;
            }
        }

        if (run.IsStopping && (_hasRunOne || indexed.HasMore))
        {
            run.CutShort();
        }

        return Wait.IsOver;
    }

    private Wait Advance(PulledSource<T> pulled)
    {
        var wait = Wait.ForNothing;
        while (wait == Wait.ForNothing)
        {
            if (run.IsStopping && _hasRunOne)
            {
                run.CutShort(); // An item that ended after the stop may not count as a success of the whole.
            }

            if (!pulled.Gate.TryEnter(_place!)) // Also when stopping: whoever gets in closes it for the others.
            {
                return Wait.ForTurn;
            }

            wait = pulled.Gate.IsClosed ? Wait.IsOver : PullTakeAndRun(pulled);
        }

        return wait;
    }

    /// <summary>As the holder of the gate, which is left or closed.</summary>
    private Wait PullTakeAndRun(PulledSource<T> pulled)
    {
        var more = false;
        try
        {
            if (run.IsStopping)
            {
                run.CutShort();
            }
            else
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
        int index;
        T item;
        try
        {
            if (!more || run.IsStopping)
            {
                if (more)
                {
                    run.CutShort();
                }

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

        return TryRun(index, item) ? Wait.ForNothing : Wait.ForOperation;
    }

    /// <returns>False when the operation has not completed yet.</returns>
    private bool TryRun(int index, T item)
    {
        RestoreContext();
        try
        {
            if (_operation.HasResult)
            {
                var started = _operation.InvokeAsync(item, _token);
                if (!started.IsCompleted)
                {
                    _withResult = started;
                    (_index, _item) = (index, item);
                    return false;
                }

                run.Store(index, started.Completed());
            }
            else
            {
                var started = _operation.InvokeWithoutResultAsync(item, _token);
                if (!started.IsCompleted)
                {
                    _withoutResult = started;
                    (_index, _item) = (index, item);
                    return false;
                }

                started.Completed();
            }
        }
        catch (Exception exception)
        {
            run.OnItemFailed(index, item, exception);
        }

        _hasRunOne = true;
        return true;
    }

    /// <summary>What an item or the source has set in the context is not seen by the next.</summary>
    private void RestoreContext()
    {
        if (ExecutionContext.Capture() != _context)
        {
            ExecutionContext.Restore(_context!);
        }
    }
}
