namespace AsyncKit;

/// <content>What becomes of the items: told by the workers, kept for whoever wants it.</content>
internal sealed partial class FanOutRun<T, TResult>
{
    /// <summary>Called by the holder of the gate, which has just pulled the first item.</summary>
    public void PrepareResults(int? expected)
    {
        if (_results is null && Operation.HasResult && _sink is null)
        {
            _results = new ResultBuffer<TResult>(expected);
        }
    }

    public ItemState? NewSlot() =>
        _observer is not null || Operation.NeedsSlot || _sink is { WantsDuration: true } ? new ItemState(_clock) : null;

    public void OnItemTaken(long index, T item, ItemState slot)
    {
        slot.Take(index);
        if (!_isDecorated)
        {
            OnItemStarting(item, slot);
            slot.Attempts = 1;
        }
    }

    /// <summary>The operation is called next. Told by whoever lets the item wait, if that may be.</summary>
    public void OnItemStarting(T item, ItemState slot)
    {
        slot.Start();
        _observer?.OnStarted(item, slot);
    }

    public void OnItemWaited(TimeSpan wait) => _observer?.OnWaited(wait);

    public void OnItemRetried() => _observer?.OnRetry();

    /// <summary>The clock of the run, for what is measured only now and then.</summary>
    public TimeProvider Clock => AsyncEnvironment.Clock(_options.TimeProvider);

    public string? Name => _options.Name;

    public void OnItemSucceeded(long index, T item, TResult result, ItemState? slot)
    {
        OnItemEnded(slot);
        if (_sink is null)
        {
            _results!.Store((int)index, result);
        }
        else
        {
            _sink.Put(index, item, FanOutOutcomeKind.Succeeded, result, null, slot);
        }
    }

    /// <summary>Notes that an item was not run, or not known to have succeeded, when the run was told to
    /// stop.</summary>
    public void MarkIncomplete() => Failures.MarkIncomplete();

    /// <summary>Without a result.</summary>
    public void OnItemSucceeded(long index, T item, ItemState? slot)
    {
        OnItemEnded(slot);
        _sink?.Put(index, item, FanOutOutcomeKind.Succeeded, default!, null, slot);
    }

    public void OnItemFailed(long index, T item, Exception exception, ItemState? slot)
    {
        if (IsCancellation(exception))
        {
            OnCancelled();
            if (exception is not CanceledWithFailureException { InnerException: { } failure })
            {
                var kind = slot is { IsStarted: false } ? FanOutOutcomeKind.NotStarted : FanOutOutcomeKind.Cancelled;
                OnItemEnded(slot, kind, exception);
                _sink?.Put(
                    index, item, kind, default!, kind == FanOutOutcomeKind.Cancelled ? exception : null, slot);
                return;
            }

            exception = failure; // A fan-out inside the item had failures before it was cancelled.
        }

        OnItemEnded(slot, FanOutOutcomeKind.Failed, exception);
        _sink?.Put(index, item, FanOutOutcomeKind.Failed, default!, exception, slot);
        if (Failures.AddItemFailure(index, item, exception))
        {
            Stop();
        }
    }

    private void OnItemEnded(ItemState? slot)
    {
        if (slot is not null)
        {
            slot.End();
            _observer?.OnEnded(FanOutOutcomeKind.Succeeded, slot, null);
        }
    }

    private void OnItemEnded(ItemState? slot, FanOutOutcomeKind kind, Exception exception)
    {
        if (slot is null)
        {
            return;
        }

        slot.EndFailed();
        try
        {
            _observer?.OnEnded(kind, slot, exception);
        }
        catch (Exception)
        {
            // Of a listener, or of the log; the item's own exception is told.
        }
    }
}
