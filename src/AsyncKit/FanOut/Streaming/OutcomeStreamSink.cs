namespace AsyncKit;

/// <summary>Hands every outcome to a reader.</summary>
internal sealed class OutcomeStreamSink<T, TResult>(
    OrderedRingBuffer<FanOutOutcome<T, TResult>> handOver, FanOutOptions options) : FanOutSink<T, TResult>
{
    private readonly bool _isInSourceOrder = options.Order == FanOutOrder.Source;

    public override bool WantsDuration => true;

    public override void Put(
        long index, T item, FanOutOutcomeKind kind, TResult result, Exception? exception, ItemState? slot) =>
        handOver.Put(
            _isInSourceOrder ? index : handOver.NextTicket(), new(index, item, kind, result, exception, slot));

    public override void Stop() => handOver.Close();
}
