namespace AsyncKit;

/// <summary>A <see cref="FanOutQueue{T}"/> as a fan-out sees it. Covariant, so that a queue of a derived type is
/// recognized.</summary>
internal interface IFanOutQueue<out T>
{
    /// <summary>Opens the queue for a run that reports the end of each item.</summary>
    IFanOutQueueEnumerator<T> Open(CancellationToken cancellationToken);
}
