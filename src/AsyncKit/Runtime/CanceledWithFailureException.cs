namespace AsyncKit;

/// <summary>A cancellation that is accompanied by a failure. A separate type, so that an enclosing run finds the
/// failure.</summary>
#pragma warning disable CA1032, MA0015 // Only AsyncKit creates it.
internal sealed class CanceledWithFailureException(
    Exception failure,
    CancellationToken token,
    string message = "The operation was cancelled; the inner exception is a failure that occurred before it completed.")
    : OperationCanceledException(message, failure, token);
#pragma warning restore CA1032, MA0015
