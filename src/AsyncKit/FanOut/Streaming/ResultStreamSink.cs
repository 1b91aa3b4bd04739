namespace AsyncKit;

/// <summary>Passes results to the reader of a stream. A failed item is skipped if the run continues; otherwise it ends
/// the stream.</summary>
internal sealed class ResultStreamSink<T, TResult>(OrderedRingBuffer<TResult> buffer, FanOutOptions options)
    : FanOutSink<T, TResult>
{
    private readonly bool _isInSourceOrder = options.Order == FanOutOrder.Source;
    private readonly bool _skipsFailures = options.OnFailure == FailureMode.RunToEnd;

    public override bool Put(
        long index, T item, FanOutOutcomeKind kind, TResult result, Exception? exception, ItemState? state)
    {
        if (kind == FanOutOutcomeKind.Succeeded)
        {
            buffer.Put(PositionOf(index), result);
            return true;
        }

        if (kind == FanOutOutcomeKind.Failed && _skipsFailures)
        {
            buffer.PutGap(PositionOf(index));
        }

        return false;
    }

    public override void Stop() => buffer.Close();

    private long PositionOf(long index) => _isInSourceOrder ? index : buffer.NextTicket();
}
