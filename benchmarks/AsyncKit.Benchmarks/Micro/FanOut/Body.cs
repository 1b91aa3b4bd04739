namespace AsyncKit.Benchmarks;

/// <summary>The work of an operation: as little as possible, so the benchmark measures the machinery around
/// it.</summary>
public enum Body
{
    Sync,
    Yields,
}
