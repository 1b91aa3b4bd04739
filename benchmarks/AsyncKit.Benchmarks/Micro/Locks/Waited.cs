namespace AsyncKit.Benchmarks;

/// <summary>An object with a queue of waiters.</summary>
public enum Waited
{
    Lock,
    Gate,
    Lazy,
}
