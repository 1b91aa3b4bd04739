namespace AsyncKit.Benchmarks;

/// <summary>What the operation does: as little as possible, so that the machinery around it is what is
/// measured.</summary>
public enum Body
{
    Sync,
    Yields,
}
