namespace AsyncKit;

/// <summary>A cancelled fan-out with failures, told apart so that one around it finds what had failed inside.</summary>
#pragma warning disable CA1032, MA0015 // Made by the engine only.
internal sealed class CanceledFanOutException(Exception failure, CancellationToken token) : OperationCanceledException(
    "The fan-out was cancelled. What failed before it ended is the inner exception.", failure, token);
#pragma warning restore CA1032, MA0015
