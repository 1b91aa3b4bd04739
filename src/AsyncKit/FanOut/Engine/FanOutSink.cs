namespace AsyncKit;

/// <summary>Where a run puts what became of its items, when that is not an array of results.</summary>
internal abstract class FanOutSink<T, TResult>
{
    /// <summary>Whether <see cref="ItemState"/> is filled in: the clock is asked twice for each item.</summary>
    public virtual bool WantsDuration => false;

    /// <summary>Called by many workers at once, once for each item that was started; never throws.</summary>
    public abstract void Put(
        long index, T item, FanOutOutcomeKind kind, TResult result, Exception? exception, ItemState? slot);

    /// <summary>The run stops early: nobody must go on waiting for something to start.</summary>
    public virtual void Stop()
    {
    }
}
