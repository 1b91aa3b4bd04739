namespace AsyncKit;

/// <summary>Passes every outcome to the reader of a stream.</summary>
internal sealed class OutcomeStreamSink<T, TResult, TOutcome>(
    OrderedRingBuffer<TOutcome> buffer, FanOutOptions options, Func<FanOutOutcome<T, TResult>, TOutcome> convert)
    : FanOutSink<T, TResult>
{
    private readonly bool _isInSourceOrder = options.Order == FanOutOrder.Source;

    public override FailureMode DefaultOnFailure => FailureMode.RunToEnd;

    public override bool HasFailures => true;

    public override bool NeedsDuration => true;

    public override bool Put(
        long index, T item, FanOutOutcomeKind kind, TResult result, Exception? exception, ItemState? state)
    {
        buffer.Put(
            _isInSourceOrder ? index : buffer.NextTicket(),
            convert(new(index, item, kind, result, exception, state)));
        return true;
    }

    public override void Stop() => buffer.Close();
}
