namespace AsyncKit.Benchmarks;

/// <summary>What is done while a detector watches.</summary>
public enum Watched
{
    /// <summary>An await that has to wait: the one that a detector makes slower.</summary>
    Await,

    /// <summary>A synchronous wait on a pool thread, ended soon by another.</summary>
    SynchronousWait,

    /// <summary>A fan-out whose operations complete synchronously.</summary>
    FanOut,
}
