namespace AsyncKit;

/// <summary>Receives the outcome of each item, for a run that does not return an array of results.</summary>
internal abstract class FanOutSink<T, TResult>
{
    /// <summary>The effect of a failed item if the options do not set one.</summary>
    public virtual FailureMode DefaultOnFailure => FailureMode.StopAtFirst;

    /// <summary>Whether the run need not keep the exception of each failed item, because the receiver gets it. A stream of
    /// outcomes may have no end.</summary>
    public virtual bool HasFailures => false;

    /// <summary>Whether each item needs an <see cref="ItemState"/> with its duration, which takes two clock
    /// reads.</summary>
    public virtual bool NeedsDuration => false;

    /// <summary>Receives the outcome of an item that was started. Many workers call it at once, once for each item. It
    /// never throws.</summary>
    /// <returns>True if the reader of a stream gets a value for the item, which ends when the reader requests the next
    /// one; false if the item ends now.</returns>
    public abstract bool Put(
        long index, T item, FanOutOutcomeKind kind, TResult result, Exception? exception, ItemState? state);

    /// <summary>Called when the run stops early or drains: must wake a worker that waits for the reader. No item is
    /// pulled any more.</summary>
    public virtual void Stop()
    {
    }
}
