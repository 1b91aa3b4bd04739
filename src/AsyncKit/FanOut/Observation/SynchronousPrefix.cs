#pragma warning disable MA0046 // Not public, and an object with the arguments would be allocated per item.

namespace AsyncKit;

/// <summary>
/// Reports the synchronous prefix of an operation: the time for which it keeps its thread before its first await.
/// </summary>
/// <remarks>
/// This is a contract between two packages. The workers of a fan-out report here, and the blocking detector of
/// AsyncKit.Diagnostics observes; it requires exactly the version of AsyncKit that it was built with. Without an
/// observer an item costs one read of a static field.
/// </remarks>
internal static class SynchronousPrefix
{
    /// <summary>
    /// Raised on the thread of the operation, with the name of the fan-out, the index of the item and the length of the
    /// prefix. A handler must not throw. A handler that is removed may still complete a call that has started.
    /// </summary>
    public static event Action<string?, long, TimeSpan>? Measured;

    /// <summary>False if there is no observer, and thus no need to read the clock.</summary>
    public static bool IsObserved => Measured is not null;

    public static void Report(string? fanOut, long index, TimeSpan elapsed) => Measured?.Invoke(fanOut, index, elapsed);
}
