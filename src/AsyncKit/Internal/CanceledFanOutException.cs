namespace AsyncKit;

/// <summary>A cancellation with failures, told apart so that a fan-out around it finds what had failed inside.</summary>
#pragma warning disable CA1032, MA0015 // Made by the engines only.
internal sealed class CanceledFanOutException(
    Exception failure,
    CancellationToken token,
    string message = "The fan-out was cancelled. What failed before it ended is the inner exception.")
    : OperationCanceledException(message, failure, token);
#pragma warning restore CA1032, MA0015
