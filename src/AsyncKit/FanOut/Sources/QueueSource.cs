namespace AsyncKit;

/// <summary>A <see cref="FanOutQueue{T}"/> as a fan-out sees it. Covariant, so that a queue of a derived type is
/// recognized.</summary>
internal interface IFanOutQueue<out T>
{
    /// <summary>Opens the queue for a run that reports the end of each item.</summary>
    IFanOutQueueEnumerator<T> Open(CancellationToken cancellationToken);
}

/// <summary>Enumerates a <see cref="FanOutQueue{T}"/> for a run.</summary>
internal interface IFanOutQueueEnumerator<out T> : IAsyncEnumerator<T>
{
    /// <summary>Called once for each item that was taken, by any thread. Does nothing after the enumerator was
    /// disposed.</summary>
    void OnItemEnded();
}

/// <summary>Enumerates a <see cref="FanOutQueue{T}"/>, which the run informs of the end of each item.</summary>
internal sealed class QueueSource<T>(IFanOutQueue<T> queue) : PulledSource<T>
{
    private IFanOutQueueEnumerator<T>? _enumerator;

    public override bool TracksItems => true;

    protected override T Current => _enumerator!.Current;

    public override ValueTask<bool> MoveNextAsync(CancellationToken runToken) =>
        (_enumerator ??= queue.Open(runToken)).MoveNextAsync();

    public override void OnItemEnded() => _enumerator!.OnItemEnded();

    public override ValueTask DisposeAsync() => _enumerator?.DisposeAsync() ?? default;
}
