namespace AsyncKit;

/// <summary>Hands results to a reader. Where an item failed, the reader stops, or passes over it if the run goes
/// on.</summary>
internal sealed class ResultStreamSink<T, TResult>(OrderedRingBuffer<TResult> handOver, FanOutOptions options)
    : FanOutSink<T, TResult>
{
    private readonly bool _isInSourceOrder = options.Order == FanOutOrder.Source;
    private readonly bool _goesOn = options.OnFailure == FailureMode.RunToEnd;

    public override void Put(
        long index, T item, FanOutOutcomeKind kind, TResult result, Exception? exception, ItemState? slot)
    {
        if (kind == FanOutOutcomeKind.Succeeded)
        {
            handOver.Put(PlaceOf(index), result);
        }
        else if (kind == FanOutOutcomeKind.Failed && _goesOn)
        {
            handOver.PutGap(PlaceOf(index));
        }
    }

    public override void Stop() => handOver.Close();

    private long PlaceOf(long index) => _isInSourceOrder ? index : handOver.NextTicket();
}
