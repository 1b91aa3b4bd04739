namespace AsyncKit.Benchmarks;

/// <summary>The ways to do the same work; each scenario has some of them.</summary>
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
