using System.Diagnostics;

namespace AsyncKit;

/// <summary>Counts what has begun and must end, such as workers, in debug builds: tests find what was left
/// running. Without DEBUG the calls are not compiled.</summary>
internal static class LeakCounter
{
    private static int _count;

    public static int Count => Volatile.Read(ref _count);

    [Conditional("DEBUG")]
    public static void Begin() => Interlocked.Increment(ref _count);

    [Conditional("DEBUG")]
    public static void End() => Interlocked.Decrement(ref _count);
}
