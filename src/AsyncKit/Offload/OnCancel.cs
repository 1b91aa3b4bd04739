namespace AsyncKit;

/// <summary>
/// What a cancelled token does to blocking work that has begun. Work that still waits for a thread never begins, whatever
/// this says.
/// </summary>
public enum OnCancel
{
    /// <summary>The caller waits for the end of the work. Work that takes a token may look at it and end early; what it
    /// returns or throws is the outcome.</summary>
    Wait,

    /// <summary>The caller leaves at once with an <see cref="OperationCanceledException"/>. The work goes on to its end and
    /// holds its thread until then; what it returns is dropped, what it throws is logged.</summary>
    Abandon,

    /// <summary><see cref="Thread.Interrupt"/> on the lane's thread: the managed wait that the work is in, or the next one,
    /// throws a <see cref="ThreadInterruptedException"/>. The caller waits for the end, as with <see cref="Wait"/>. A system
    /// call that blocks is not reached.</summary>
    Interrupt,
}
