using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <summary>Adds the reader's back-pressure to a source: pulls only items within the look-ahead.</summary>
internal sealed class LookaheadSource<T, TValue>(PulledSource<T> inner, OrderedRingBuffer<TValue> buffer)
    : PulledSource<T>
{
    public override int? CountHint => inner.CountHint;

    public override long Pulled => inner.Pulled;

    public override bool TracksItems => inner.TracksItems;

    protected override T Current => throw new NotSupportedException("Take is forwarded to the inner source.");

    public override ValueTask<bool> MoveNextAsync(CancellationToken runToken) => buffer.MayStart(inner.Pulled)
        ? inner.MoveNextAsync(runToken)
        : WaitAndMoveNextAsync(runToken);

    public override T Take(out long index) => inner.Take(out index);

    public override void OnItemEnded() => inner.OnItemEnded();

    public override ValueTask DisposeAsync() => inner.DisposeAsync();

    /// <summary>The drain is inside, so that it is checked after the wait for the reader.</summary>
    public override PulledSource<T> DrainedBy(FanOutDrain drain) =>
        new LookaheadSource<T, TValue>(inner.DrainedBy(drain), buffer);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> WaitAndMoveNextAsync(CancellationToken runToken)
    {
        await buffer.UntilMayStartAsync(inner.Pulled).NoContext();
        return !buffer.IsClosed && await inner.MoveNextAsync(runToken).NoContext();
    }
}
