namespace AsyncKit;

/// <summary>A cancellation beside which something has failed, told apart so that a run around it finds the
/// failure.</summary>
#pragma warning disable CA1032, MA0015 // Made by the library only.
internal sealed class CanceledWithFailureException(
    Exception failure,
    CancellationToken token,
    string message = "Cancelled. What failed before it ended is the inner exception.")
    : OperationCanceledException(message, failure, token);
#pragma warning restore CA1032, MA0015
