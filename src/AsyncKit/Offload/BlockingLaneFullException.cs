namespace AsyncKit;

/// <summary>
/// The lane's threads are busy and its queue is full, so the work was refused; it has not run.
/// </summary>
#pragma warning disable CA1032 // Made by a lane only.
public sealed class BlockingLaneFullException : InvalidOperationException
#pragma warning restore CA1032
{
    internal BlockingLaneFullException(string lane, int maxThreads, int maxQueued)
        : base(FormattableString.Invariant(
            $"The lane '{lane}' is full: its threads are busy ({maxThreads}) and as much work waits as MaxQueued allows ({maxQueued})."))
    {
    }
}
