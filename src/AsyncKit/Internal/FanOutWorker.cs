namespace AsyncKit;

/// <summary>
/// One of the loops that do the work of a run: claims an item, awaits the operation, stores the result, again. All that
/// is allocated is allocated once a worker.
/// </summary>
internal sealed class FanOutWorker<T, TResult>(FanOutRun<T, TResult> run) : IThreadPoolWorkItem
{
    private readonly PullGate.Waiter? _place = run.Pulled is null ? null : new(isComing: true);
    private ExecutionContext? _context = run.Context;
    private bool _hasRunOne;

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
        var operation = run.Operation;
        try
        {
            while (true)
            {
                int index;
                T item;
                if (run.Indexed is { } indexed)
                {
                    if (!TryClaim(indexed, out index, out item))
                    {
                        break;
                    }
                }
                else
                {
                    var pulled = run.Pulled!;
                    NoteStop();
                    while (!pulled.Gate.TryEnter(_place!)) // Also when stopping: whoever gets in closes it for the others.
                    {
                        await pulled.Gate.ParkAsync(_place!).Cfg();
                    }

                    if (pulled.Gate.IsClosed)
                    {
                        break;
                    }

                    try
                    {
                        var more = await PullAsync(pulled).Cfg();
                        if (!TryTake(pulled, more, out index, out item))
                        {
                            break;
                        }
                    }
                    catch
                    {
                        pulled.Gate.Close();
                        throw;
                    }

                    HandOn(pulled.Gate);
                }

                RestoreContext();
                try
                {
                    if (operation.HasResult)
                    {
                        run.Store(index, await operation.InvokeAsync(item, run.Token).Cfg());
                    }
                    else
                    {
                        await operation.InvokeWithoutResultAsync(item, run.Token).Cfg();
                    }
                }
                catch (Exception exception)
                {
                    run.OnItemFailed(index, item, exception);
                }

                _hasRunOne = true;
            }
        }
        catch (Exception exception)
        {
            run.OnSourceFailed(exception);
        }

        run.LetGo();
    }

    /// <summary>What an item or the source has set in the context is not seen by the next.</summary>
    private void RestoreContext()
    {
        if (ExecutionContext.Capture() != _context)
        {
            ExecutionContext.Restore(_context!);
        }
    }

    /// <summary>An item that ended after the stop may not count as a success of the whole.</summary>
    private void NoteStop()
    {
        if (run.IsStopping && _hasRunOne)
        {
            run.CutShort();
        }
    }

    private bool TryClaim(IndexedSource<T> indexed, out int index, out T item)
    {
        if (run.IsStopping)
        {
            NoteStop();
            if (indexed.HasMore)
            {
                run.CutShort();
            }

            index = 0;
            item = default!;
            return false;
        }

        if (!indexed.TryClaim(out index, out item))
        {
            return false;
        }

        // Before the body, which may block: the last worker started starts the next.
        if (!_hasRunOne && indexed.HasMore && run.MayStartWorker)
        {
            run.StartWorker();
        }

        return true;
    }

    /// <summary>As the holder of the gate.</summary>
    private ValueTask<bool> PullAsync(PulledSource<T> pulled)
    {
        if (run.IsStopping)
        {
            run.CutShort();
            return new ValueTask<bool>(false);
        }

        RestoreContext();
        var pull = pulled.MoveNextAsync(run.Token);
        pulled.Gate.IsSlow = !pull.IsCompleted;
        return pull;
    }

    /// <summary>As the holder of the gate, which is closed when there is nothing to take.</summary>
    private bool TryTake(PulledSource<T> pulled, bool more, out int index, out T item)
    {
        if (more && !run.IsStopping)
        {
            run.PrepareResults(pulled.CountHint);
            item = pulled.Take(out index);
            return true;
        }

        if (more)
        {
            run.CutShort();
        }

        pulled.Gate.Close();
        index = 0;
        item = default!;
        return false;
    }

    /// <summary>Before the body, which may block: the next item is pulled by whoever waits, or by a new worker.</summary>
    private void HandOn(PullGate gate)
    {
        if (gate.Release(run.MayStartWorker))
        {
            run.StartWorker();
        }
    }
}
