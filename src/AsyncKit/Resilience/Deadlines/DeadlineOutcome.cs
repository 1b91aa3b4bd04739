namespace AsyncKit;

/// <summary>The outcome of an operation under a limit.</summary>
/// <param name="Result">The result, if there is no exception.</param>
/// <param name="Exception">The exception to throw, which may be a timeout; null after a success.</param>
/// <param name="IsTimeout">Whether the limit of this operation stopped it, not that of an inner one.</param>
/// <param name="CallbackFailure">The exception that callbacks on the token threw after a cancellation; null if none threw.</param>
internal readonly record struct DeadlineOutcome<TResult>(
    TResult Result, Exception? Exception, bool IsTimeout = false, Exception? CallbackFailure = null);
