namespace AsyncKit.Benchmarks;

/// <summary>The work that runs while a detector watches.</summary>
public enum Watched
{
    /// <summary>An await that suspends. A detector makes only these slower.</summary>
    Await,

    /// <summary>A synchronous wait on a thread-pool thread, which another thread completes soon.</summary>
    SynchronousWait,

    /// <summary>A fan-out whose operations complete synchronously.</summary>
    FanOut,
}
