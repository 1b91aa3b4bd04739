namespace AsyncKit.Benchmarks;

/// <summary>What the probe saw during a round.</summary>
/// <param name="PeakThreads">Threads of the process without the probe's own.</param>
/// <param name="PeakWorkingSetBytes">Physical memory of the process.</param>
/// <param name="PoolWaitsMs">How long each unrelated work item waited for a pool thread.</param>
internal sealed record ProbeReading(int PeakThreads, long PeakWorkingSetBytes, double[] PoolWaitsMs);
