using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <summary>Ends a source when its run drains.</summary>
/// <remarks>
/// An item that the source yields after the signal was taken from it, so it is passed on. A cancellation that the
/// source throws after the signal is its end: its token is cancelled then.
/// </remarks>
internal sealed class DrainableSource<T>(PulledSource<T> inner, FanOutDrain drain) : PulledSource<T>
{
    public override int? CountHint => inner.CountHint;

    public override long Pulled => inner.Pulled;

    public override bool TracksItems => inner.TracksItems;

    protected override T Current => throw new NotSupportedException("Take is forwarded to the inner source.");

    public override ValueTask<bool> MoveNextAsync(CancellationToken runToken)
    {
        if (drain.MustEndSource())
        {
            return new(false);
        }

        try
        {
            var pull = inner.MoveNextAsync(drain.SourceToken);
            return pull.IsCompleted ? new(HasNext(pull.Completed())) : AwaitAsync(pull);
        }
        catch (Exception exception) when (IsEnd(exception))
        {
            return new(false);
        }
    }

    public override T Take(out long index) => inner.Take(out index);

    public override void OnItemEnded() => inner.OnItemEnded();

    public override ValueTask DisposeAsync() => inner.DisposeAsync();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> AwaitAsync(ValueTask<bool> pull)
    {
        try
        {
            return HasNext(await pull.NoContext());
        }
        catch (Exception exception) when (IsEnd(exception))
        {
            return false;
        }
    }

    /// <summary>Notes an end after the signal, which may be the reason for it.</summary>
    private bool HasNext(bool hasNext)
    {
        _ = !hasNext && drain.MustEndSource();
        return hasNext;
    }

    private bool IsEnd(Exception exception) => Cancellation.IsPlain(exception) && drain.MustEndSource();
}
