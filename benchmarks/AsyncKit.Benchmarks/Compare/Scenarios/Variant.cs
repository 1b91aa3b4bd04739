namespace AsyncKit.Benchmarks;

/// <summary>The ways to do the same work, in the order of the reports.</summary>
internal enum Variant
{
    Sequential,
    Threads,
    ThreadPool,
    ParallelForEachDefault,
    ParallelForEach,
    SemaphoreWhenAll,
    WhenAll,
    AsyncKit,
}
