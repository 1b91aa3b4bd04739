namespace AsyncKit;

/// <summary>Specifies how a cancelled token affects blocking work that has started. Work that waits for a thread never
/// starts, whichever value is set.</summary>
public enum OnCancel
{
    /// <summary>The caller waits until the work returns. Work that takes a token can check it and return early; its
    /// result or exception is the outcome.</summary>
    Wait,

    /// <summary>The caller's task is cancelled at once. The work keeps running and holds its thread until it returns.
    /// Its result is dropped, and its exception is logged.</summary>
    Abandon,

    /// <summary>The lane calls <see cref="Thread.Interrupt"/> on the thread: the managed wait that the work is in, or
    /// the next one it enters, throws a <see cref="ThreadInterruptedException"/>. The caller waits until the work
    /// returns, as with <see cref="Wait"/>. A blocking system call is not interrupted.</summary>
    Interrupt,
}
