namespace AsyncKit.Benchmarks;

/// <summary>The variants of the same work. Each scenario uses some of them.</summary>
internal enum Variant
{
    Sequential,
    Threads,
    ThreadPool,
    ParallelForEachDefault,
    ParallelForEach,
    SemaphoreWhenAll,
    WhenAll,
    ParallelForEachBlocking,
    LongRunning,
    Lane,
    WideLane,
    AsyncKit,
    Downloads,
}
