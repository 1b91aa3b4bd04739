namespace AsyncKit.Benchmarks;

/// <summary>The wait of unrelated work for a thread-pool thread, in milliseconds.</summary>
internal sealed record PoolLatency(double P50, double P99, double Max)
{
    public static PoolLatency Of(IReadOnlyCollection<double> waits) => new(
        Math.Round(Statistics.Percentile(waits, 0.5), 3),
        Math.Round(Statistics.Percentile(waits, 0.99), 3),
        Math.Round(waits.Max(), 3));
}
