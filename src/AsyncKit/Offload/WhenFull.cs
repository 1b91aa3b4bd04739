namespace AsyncKit;

/// <summary>Specifies how a lane handles a call while its threads are busy and its queue is full.</summary>
public enum WhenFull
{
    /// <summary>The call waits for a thread, in the order of the calls. Nothing is refused.</summary>
    Wait,

    /// <summary>The call's task is faulted with a <see cref="BlockingLaneFullException"/>, and the work never
    /// runs.</summary>
    Reject,
}
