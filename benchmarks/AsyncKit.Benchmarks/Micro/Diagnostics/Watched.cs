namespace AsyncKit.Benchmarks;

/// <summary>The work that runs while a detector runs.</summary>
public enum Watched
{
    /// <summary>An await that has to wait: the kind that a detector slows down.</summary>
    Await,

    /// <summary>A short synchronous wait on a thread-pool thread.</summary>
    SynchronousWait,

    /// <summary>A fan-out whose operations complete synchronously.</summary>
    FanOut,
}
