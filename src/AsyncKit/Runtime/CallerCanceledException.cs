namespace AsyncKit;

/// <summary>A cancellation by the caller, with the exception that it interrupted. A separate type, so that a timeout
/// inside does not make it look like one.</summary>
#pragma warning disable CA1032, MA0015 // Only AsyncKit creates it.
internal sealed class CallerCanceledException(string message, Exception interrupted, CancellationToken token)
    : OperationCanceledException(message, interrupted, token);
#pragma warning restore CA1032, MA0015
