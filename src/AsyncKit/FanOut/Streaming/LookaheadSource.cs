using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <summary>Pulls from another source only what a reader will take soon.</summary>
internal sealed class LookaheadSource<T, TValue>(PulledSource<T> inner, OrderedRingBuffer<TValue> handOver) : PulledSource<T>
{
    public override int? CountHint => inner.CountHint;

    public override long Pulled => inner.Pulled;

    protected override T Current => throw new NotSupportedException("Take is the inner source's.");

    public override ValueTask<bool> MoveNextAsync(CancellationToken runToken) => handOver.MayStart(inner.Pulled)
        ? inner.MoveNextAsync(runToken)
        : WaitAndMoveNextAsync(runToken);

    public override T Take(out long index) => inner.Take(out index);

    public override ValueTask DisposeAsync() => inner.DisposeAsync();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> WaitAndMoveNextAsync(CancellationToken runToken)
    {
        await handOver.UntilMayStartAsync(inner.Pulled).NoContext();
        return !handOver.IsClosed && await inner.MoveNextAsync(runToken).NoContext();
    }
}
