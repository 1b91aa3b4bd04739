namespace AsyncKit;

/// <summary>Enumerates a <see cref="FanOutQueue{T}"/> for a run.</summary>
internal interface IFanOutQueueEnumerator<out T> : IAsyncEnumerator<T>
{
    /// <summary>Called once for each item that was taken, by any thread. Does nothing after the enumerator was
    /// disposed.</summary>
    void OnItemEnded();
}
