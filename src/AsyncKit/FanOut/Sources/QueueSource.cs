namespace AsyncKit;

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
