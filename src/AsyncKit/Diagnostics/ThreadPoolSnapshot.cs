namespace AsyncKit;

/// <summary>How the pool stands at one moment.</summary>
/// <param name="Threads">All of its threads.</param>
/// <param name="PendingItems">What waits for one of them.</param>
/// <param name="BlockedThreads">Those that are known to wait for a task.</param>
/// <param name="Added">Those that the runtime has just added because of starvation.</param>
/// <param name="Place">Where most of them are, when that is not a wait for a task; null when it is not known.</param>
internal sealed record ThreadPoolSnapshot(int Threads, long PendingItems, int BlockedThreads, int Added, ThreadPoolHotspot? Place);
