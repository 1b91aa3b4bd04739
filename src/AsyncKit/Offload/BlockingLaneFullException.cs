namespace AsyncKit;

/// <summary>The exception of a call that a full lane rejected. The work has not run.</summary>
#pragma warning disable CA1032 // Only a lane creates it.
public sealed class BlockingLaneFullException : InvalidOperationException
#pragma warning restore CA1032
{
    internal BlockingLaneFullException(string lane, int maxThreads, int queued)
        : base(FormattableString.Invariant(
            $"The lane '{lane}' is full: its threads ({maxThreads}) are busy and its queue ({queued}) has no room. Call again later, or raise MaxThreads or MaxQueued."))
    {
    }
}
