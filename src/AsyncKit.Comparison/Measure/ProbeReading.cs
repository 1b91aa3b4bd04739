namespace AsyncKit.Comparison;

/// <summary>The readings of the probe during a round.</summary>
/// <param name="PeakThreads">The maximum number of threads of the process, without the probe's thread.</param>
/// <param name="PeakWorkingSetBytes">The maximum physical memory of the process.</param>
/// <param name="AddedBytes">The growth of the physical memory from the start of the round to its maximum.</param>
/// <param name="PoolWaitsMs">The wait of each unrelated work item for a thread-pool thread.</param>
internal sealed record ProbeReading(int PeakThreads, long PeakWorkingSetBytes, long AddedBytes, double[] PoolWaitsMs);
