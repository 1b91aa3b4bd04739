using System.Diagnostics;

namespace AsyncKit;

/// <summary>The number of started runs, workers and leases that have yet to complete. Tests assert that it returns to
/// zero. Calls are compiled in debug builds only.</summary>
internal static class LeakCounter
{
    private static int _count;

    public static int Count => Volatile.Read(ref _count);

    [Conditional("DEBUG")]
    public static void Begin() => Interlocked.Increment(ref _count);

    [Conditional("DEBUG")]
    public static void End() => Interlocked.Decrement(ref _count);
}
