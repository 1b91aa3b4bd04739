namespace AsyncKit;

/// <summary>A result that contains a cancellation instead of throwing it, so that a deadline cannot replace the
/// exception.</summary>
internal interface ILimitedOutcome
{
    /// <summary>Called if a limit cancelled the operation that returned this result, before its caller gets it. Of
    /// nested limits the inner one calls first.</summary>
    /// <param name="limit">The exception that names the limit.</param>
    /// <param name="isCallerCancelled">Whether the caller of the limit has cancelled, too. That cancellation counts,
    /// unless it comes from an outer limit, which then calls.</param>
    void OnStoppedBy(TimeoutException limit, bool isCallerCancelled);
}
