namespace AsyncKit.Benchmarks;

/// <summary>Shared by the scenarios that fetch over HTTP: their variants and the headline of a run.</summary>
internal static class FetchVariants
{
    public static IReadOnlyList<Variant> All { get; } =
    [
        Variant.Sequential, Variant.Threads, Variant.ThreadPool, Variant.ParallelForEachDefault,
        Variant.ParallelForEach, Variant.SemaphoreWhenAll, Variant.WhenAll, Variant.AsyncKit,
    ];

    public static IReadOnlyList<Variant> Slow { get; } = [Variant.Sequential, Variant.ThreadPool];

    public static string Explain(Variant variant, int limit) => variant switch
    {
        Variant.Sequential => "a loop around the blocking HttpClient.Send; the baseline",
        Variant.Threads => "a Thread for every item, each in the blocking call; no limit, a connection for every item",
        Variant.ThreadPool => "Task.Run around the blocking call, one task per item; the pool decides how many run",
        Variant.ParallelForEachDefault => "async calls, no limit given: as many at once as the machine has cores",
        Variant.ParallelForEach => $"async calls, MaxDegreeOfParallelism = {limit}",
        Variant.SemaphoreWhenAll => $"async calls, a task per item, SemaphoreSlim({limit}) in front of each call",
        Variant.WhenAll => "async calls, all of them at once; no limit, a connection for every item",
        Variant.Downloads =>
            $"client.DownloadAllAsync(urls, folder, {limit}): resumable, flushed to the disk, renamed when complete",
        _ => $"async calls, items.FanOutAsync({limit}, ...)",
    };

    /// <param name="deed">The verb and object of the headline, as in "AsyncKit fetched 200 pages".</param>
    public static Func<ScenarioReport, double, string> Headline(string deed) => (report, speedup) =>
        $"AsyncKit {deed} {report.Items} {report.Kind.Things} {Units.Roughly(speedup)} as fast as one by one";
}
