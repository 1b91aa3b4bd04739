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

    public void OnItemStarting() => _progress?.Start();

    public FanOutSlot? NewSlot() => _clock is null ? null : new FanOutSlot(_clock);

    public void OnItemSucceeded(long index, T item, TResult result, FanOutSlot? slot)
    {
        _progress?.End(FanOutOutcomeKind.Succeeded);
        if (_sink is null)
        {
            _results!.Store((int)index, result);
        }
        else
        {
            slot?.End();
            _sink.Put(index, item, FanOutOutcomeKind.Succeeded, result, null, slot);
        }
    }

    /// <summary>Notes that an item was not run, or not known to have succeeded, when the run was told to
    /// stop.</summary>
    public void CutShort() => Failures.CutShort();

    /// <summary>Without a result.</summary>
    public void OnItemSucceeded(long index, T item, FanOutSlot? slot)
    {
        _progress?.End(FanOutOutcomeKind.Succeeded);
        if (_sink is not null)
        {
            slot?.End();
            _sink.Put(index, item, FanOutOutcomeKind.Succeeded, default!, null, slot);
        }
    }

    public void OnItemFailed(long index, T item, Exception exception, FanOutSlot? slot)
    {
        slot?.EndFailed();
        if (IsCancellation(exception))
        {
            OnCancelled();
            if (exception is not CanceledFanOutException { InnerException: { } failure })
            {
                _progress?.End(FanOutOutcomeKind.Cancelled);
                _sink?.Put(index, item, FanOutOutcomeKind.Cancelled, default!, exception, slot);
                return;
            }

            exception = failure; // A fan-out inside the item had failures before it was cancelled.
        }

        _progress?.End(FanOutOutcomeKind.Failed);
        _sink?.Put(index, item, FanOutOutcomeKind.Failed, default!, exception, slot);
        if (Failures.AddItemFailure(index, item, exception))
        {
            Stop();
        }
    }
}
