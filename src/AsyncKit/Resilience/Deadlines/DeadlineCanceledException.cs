namespace AsyncKit;

/// <summary>The caller's token was cancelled after a limit had passed. A deadline further out that has cancelled it names
/// that limit, which was the earlier one.</summary>
internal sealed class DeadlineCanceledException(TimeoutException limit, Exception inner, CancellationToken caller)
    : OperationCanceledException(inner.Message, inner, caller)
{
    public TimeoutException Limit { get; } = limit;
}
