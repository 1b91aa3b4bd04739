namespace AsyncKit;

/// <summary>What a <see cref="BlockingDetector"/> has found.</summary>
public enum BlockingKind
{
    /// <summary>A thread of the pool waits for a task, as in <c>Wait()</c> or <c>Result</c>.</summary>
    SynchronousWait = 0,

    /// <summary>Work waits for a thread of the pool, because all of them are busy or blocked.</summary>
    PoolStarvation = 1,

    /// <summary>An operation of a fan-out kept its thread before its first await.</summary>
    SlowPrefix = 2,
}
