namespace AsyncKit;

/// <summary>What happens to work for a lane whose threads are busy and whose queue is full.</summary>
public enum WhenFull
{
    /// <summary>It waits for a place, in the order of the calls. Nothing is refused.</summary>
    Wait,

    /// <summary>Its task fails with a <see cref="BlockingLaneFullException"/>, and it never runs.</summary>
    Reject,
}
