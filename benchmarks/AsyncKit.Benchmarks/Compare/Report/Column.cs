namespace AsyncKit.Benchmarks;

/// <summary>A column of the tables, the same on screen, in Markdown and in HTML.</summary>
/// <param name="Header">The heading.</param>
/// <param name="Meaning">A description of the number and how it is measured.</param>
/// <param name="Cell">The text of the cell.</param>
internal sealed record Column(string Header, string Meaning, Func<VariantReport, string> Cell)
{
    public static IReadOnlyList<Column> All { get; } =
    [
        new("Median", "Wall time from the first request to the last result, the median of the rounds.",
            variant => Units.Seconds(variant.MedianSeconds)),
        new("Speed-up", "How many times as fast as one by one.", variant => Units.Times(variant.Speedup)),
        new("Pool p50", "Pool latency: how long an unrelated work item, queued every 10 ms meanwhile, waits for a "
            + "thread of the pool. Everything else in the process waits like it: timers, other requests. Half of the "
            + "items waited at most this long.", variant => Units.Milliseconds(variant.PoolLatencyMs?.P50)),
        new("Pool p99", "99 of 100 of them, from all rounds, waited at most this long.",
            variant => Units.Milliseconds(variant.PoolLatencyMs?.P99)),
        new("Pool max", "The longest wait.", variant => Units.Milliseconds(variant.PoolLatencyMs?.Max)),
        new("Threads", "The most threads the process had, those of the runtime included (about a dozen).",
            variant => Units.Count(variant.PeakThreads)),
        new("CPU", "Processor time of the process without the server, the median of the rounds.",
            variant => Units.Seconds(variant.CpuSeconds)),
        new("Allocated", "Managed memory allocated by all threads, the median of the rounds.",
            variant => Units.Megabytes(variant.AllocatedBytes)),
        new("Memory", "Peak working set: the most physical memory the process had, in any round.",
            variant => Units.Megabytes(variant.PeakWorkingSetBytes)),
        new("Rounds", "The wall time of every round, in the order measured.",
            variant => string.Join(" / ", variant.Rounds.Select(seconds => Units.Seconds(seconds)[..^2]))),
    ];
}
