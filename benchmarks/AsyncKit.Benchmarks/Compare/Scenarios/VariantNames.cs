namespace AsyncKit.Benchmarks;

/// <summary>The names of the variants: <c>Name</c> in files, <c>Title</c> for people.</summary>
internal static class VariantNames
{
    public static string Name(this Variant variant) => variant switch
    {
        Variant.Sequential => "sequential",
        Variant.Threads => "threads",
        Variant.ThreadPool => "thread-pool",
        Variant.ParallelForEachDefault => "parallel-foreach-default",
        Variant.ParallelForEach => "parallel-foreach",
        Variant.SemaphoreWhenAll => "semaphore-whenall",
        Variant.WhenAll => "whenall",
        Variant.ParallelForEachBlocking => "parallel-foreach-sync",
        Variant.LongRunning => "long-running",
        Variant.Lane => "asynckit-lane",
        Variant.WideLane => "asynckit-lane-256",
        Variant.Downloads => "asynckit-downloads",
        _ => "asynckit",
    };

    public static string Title(this Variant variant) => variant switch
    {
        Variant.Sequential => "one by one",
        Variant.Threads => "one thread per item",
        Variant.ThreadPool => "Task.Run",
        Variant.ParallelForEachDefault => "Parallel.ForEachAsync, default",
        Variant.ParallelForEach => "Parallel.ForEachAsync",
        Variant.SemaphoreWhenAll => "SemaphoreSlim + WhenAll",
        Variant.WhenAll => "WhenAll, unbounded",
        Variant.ParallelForEachBlocking => "Parallel.ForEach",
        Variant.LongRunning => "LongRunning tasks",
        Variant.Lane => "AsyncKit lane, the limit",
        Variant.WideLane => "AsyncKit lane of 256",
        Variant.Downloads => "AsyncKit DownloadAllAsync",
        _ => "AsyncKit FanOutAsync",
    };
}
