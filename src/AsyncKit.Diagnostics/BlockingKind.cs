namespace AsyncKit.Diagnostics;

/// <summary>Specifies what a <see cref="BlockingDetector"/> found.</summary>
public enum BlockingKind
{
    /// <summary>A thread-pool thread waits for a task, for example in <c>Wait()</c> or <c>Result</c>.</summary>
    SynchronousWait = 0,

    /// <summary>Work waits for a thread-pool thread, because all of them are busy or blocked.</summary>
    PoolStarvation = 1,

    /// <summary>An operation of a fan-out kept its thread for too long before its first await.</summary>
    SlowPrefix = 2,
}
