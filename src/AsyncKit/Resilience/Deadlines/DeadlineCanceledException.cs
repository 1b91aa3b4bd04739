namespace AsyncKit;

/// <summary>Thrown if the caller's token was cancelled after the limit had passed. If an outer deadline cancelled that
/// token, it reports this limit, which was the earlier one.</summary>
internal sealed class DeadlineCanceledException(TimeoutException limit, Exception inner, CancellationToken caller)
    : OperationCanceledException(inner.Message, inner, caller)
{
    public TimeoutException Limit { get; } = limit;
}
