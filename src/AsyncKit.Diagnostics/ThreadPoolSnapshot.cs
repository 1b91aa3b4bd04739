namespace AsyncKit.Diagnostics;

/// <summary>A snapshot of the thread pool.</summary>
/// <param name="Threads">The number of its threads.</param>
/// <param name="PendingItems">The number of queued work items.</param>
/// <param name="BlockedThreads">The number of threads that are known to wait for a task.</param>
/// <param name="Added">The number of threads that the runtime added because of starvation since the last snapshot.</param>
/// <param name="Hotspot">The largest group of threads that do not wait for a task; null if it is not known.</param>
internal sealed record ThreadPoolSnapshot(
    int Threads, long PendingItems, int BlockedThreads, int Added, ThreadPoolHotspot? Hotspot);
