namespace AsyncKit.Benchmarks;

/// <summary>How slow the server is on purpose; everything scales with the one base latency.</summary>
/// <param name="LatencyMs">The base latency in milliseconds.</param>
internal sealed record Pacing(int LatencyMs)
{
    public const int DefaultLatencyMs = 50;

    private const int SlowPageEvery = 10;
    private const int SlowPageFactor = 5;
    private const double TransferFactor = 7.4;

    /// <summary>A page waits the base latency, every tenth page five times as long.</summary>
    public TimeSpan PageLatency(int index) =>
        TimeSpan.FromMilliseconds(index % SlowPageEvery == 0 ? LatencyMs * SlowPageFactor : LatencyMs);

    /// <summary>A call of the client that blocks waits twice the base latency: 100 ms by default.</summary>
    public TimeSpan CallLatency => TimeSpan.FromMilliseconds(2 * LatencyMs);

    /// <summary>A file waits the base latency before its first byte.</summary>
    public TimeSpan FileLatency => TimeSpan.FromMilliseconds(LatencyMs);

    /// <summary>From the first byte of a file to its last, whatever its size: 370 ms at the default latency.</summary>
    public TimeSpan FileTransfer => TimeSpan.FromMilliseconds(LatencyMs * TransferFactor);
}
