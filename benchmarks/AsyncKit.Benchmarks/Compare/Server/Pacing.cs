namespace AsyncKit.Benchmarks;

/// <summary>The deliberate delays of the server. All of them scale with the base latency.</summary>
/// <param name="LatencyMs">The base latency in milliseconds.</param>
internal sealed record Pacing(int LatencyMs)
{
    private const int SlowPageEvery = 10;
    private const int SlowPageFactor = 5;
    private const double TransferFactor = 7.4;

    /// <summary>The delay of a page: the base latency, and five times that for every tenth page.</summary>
    public TimeSpan PageLatency(int index) =>
        TimeSpan.FromMilliseconds(index % SlowPageEvery == 0 ? LatencyMs * SlowPageFactor : LatencyMs);

    /// <summary>The delay of a blocking call: twice the base latency, 40 ms by default.</summary>
    public TimeSpan CallLatency => TimeSpan.FromMilliseconds(2 * LatencyMs);

    /// <summary>The delay before the first byte of a file: the base latency.</summary>
    public TimeSpan FileLatency => TimeSpan.FromMilliseconds(LatencyMs);

    /// <summary>The time from the first byte of a file to its last, regardless of its size: 148 ms by
    /// default.</summary>
    public TimeSpan FileTransfer => TimeSpan.FromMilliseconds(LatencyMs * TransferFactor);
}
