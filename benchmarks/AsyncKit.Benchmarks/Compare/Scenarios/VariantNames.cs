namespace AsyncKit.Benchmarks;

/// <summary>What the variants are called: <c>Name</c> in files, <c>Title</c> for people.</summary>
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
        _ => "asynckit",
    };

    public static string Title(this Variant variant) => variant switch
    {
        Variant.Sequential => "one by one",
        Variant.Threads => "one thread per item",
        Variant.ThreadPool => "Task.Run, blocking call",
        Variant.ParallelForEachDefault => "Parallel.ForEachAsync, default",
        Variant.ParallelForEach => "Parallel.ForEachAsync",
        Variant.SemaphoreWhenAll => "SemaphoreSlim + WhenAll",
        Variant.WhenAll => "WhenAll, unbounded",
        _ => "AsyncKit FanOutAsync",
    };

    public static string Explanation(this Variant variant, int concurrency) => variant switch
    {
        Variant.Sequential => "a loop around the blocking HttpClient.Send; the baseline",
        Variant.Threads => "a Thread for every item, each in the blocking call; no limit, a connection for every item",
        Variant.ThreadPool => "Task.Run around the blocking call, one task per item; the pool decides how many run",
        Variant.ParallelForEachDefault => "async calls, no limit given: as many at once as the machine has cores",
        Variant.ParallelForEach => $"async calls, MaxDegreeOfParallelism = {concurrency}",
        Variant.SemaphoreWhenAll => $"async calls, a task per item, SemaphoreSlim({concurrency}) in front of each call",
        Variant.WhenAll => "async calls, all of them at once; no limit, a connection for every item",
        _ => $"async calls, items.FanOutAsync({concurrency}, ...)",
    };
}
