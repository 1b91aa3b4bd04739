using Microsoft.CodeAnalysis;

namespace AsyncKit.Analyzers;

/// <summary>The descriptors of all rules.</summary>
internal static class Rules
{
    /// <summary>The page with a section for each rule, in the repository that the packages name.</summary>
    private const string Page = "https://github.com/asynckit/asynckit/blob/main/docs/analyzers.md";

    public static readonly DiagnosticDescriptor SequentialLoop = Define(
        "AK0001",
        "Items are awaited one by one",
        "The items are awaited one by one; 'FanOutAsync' runs several at once",
        DiagnosticSeverity.Info);

    public static readonly DiagnosticDescriptor UnlimitedWhenAll = Define(
        "AK0002",
        "Task.WhenAll without a limit",
        "Task.WhenAll starts an operation for every item at once; 'FanOutAsync' limits them",
        DiagnosticSeverity.Info);

    public static readonly DiagnosticDescriptor HandWrittenLimit = Define(
        "AK0003",
        "Hand-written limit around Task.WhenAll",
        "Task.WhenAll creates a task for every item although '{0}' limits them; 'FanOutAsync' takes the limit itself",
        DiagnosticSeverity.Info);

    public static readonly DiagnosticDescriptor UnlimitedParallel = Define(
        "AK0004",
        "Parallel.ForEachAsync without a limit",
        "Without a limit, Parallel.ForEachAsync runs one operation per core; set the limit for I/O",
        DiagnosticSeverity.Info);

    public static readonly DiagnosticDescriptor IgnoredToken = Define(
        "AK0005",
        "The operation ignores its token",
        "Pass '{0}', the token of the operation, instead of '{1}'; otherwise a failure does not cancel this call",
        DiagnosticSeverity.Warning);

    public static readonly DiagnosticDescriptor SharedState = Define(
        "AK0006",
        "Concurrent operations share unsafe state",
        "'{0}' is not thread-safe, and concurrent operations use it",
        DiagnosticSeverity.Warning);

    public static readonly DiagnosticDescriptor BlockingTaskRun = Define(
        "AK0007",
        "Task.Run around a blocking call",
        "'{0}' blocks a thread of the thread pool; 'Offload.RunAsync' uses a dedicated thread",
        DiagnosticSeverity.Info);

    public static readonly DiagnosticDescriptor BlockingCall = Define(
        "AK0008",
        "Blocking call in an async method",
        "'{0}' blocks the thread of an async method; run it with 'Offload.RunAsync'",
        DiagnosticSeverity.Info);

    public static readonly DiagnosticDescriptor HandwrittenTimeout = Define(
        "AK0009",
        "Timeout by Task.WhenAny",
        "The task keeps running unobserved after the timeout; use 'WithTimeoutAsync'",
        DiagnosticSeverity.Info);

    public static readonly DiagnosticDescriptor HandwrittenRetry = Define(
        "AK0010",
        "Hand-written retry",
        "This loop retries by hand; 'Retry.RunAsync' adds jitter and keeps the earlier exceptions",
        DiagnosticSeverity.Info);

    public static readonly DiagnosticDescriptor SemaphoreLock = Define(
        "AK0011",
        "SemaphoreSlim as a lock",
        "'{0}' is a lock; 'AsyncLock' releases exactly once and allocates nothing while waiting",
        DiagnosticSeverity.Info);

    public static readonly DiagnosticDescriptor UnacquiredPermit = Define(
        "AK0012",
        "Permit released without being acquired",
        "'{0}' is released even if WaitAsync did not acquire it",
        DiagnosticSeverity.Warning);

    public static readonly DiagnosticDescriptor BufferedDownload = Define(
        "AK0013",
        "Download buffered in memory",
        "The whole response is buffered in memory; 'DownloadAsync' writes it to the file as it arrives",
        DiagnosticSeverity.Info);

    public static readonly DiagnosticDescriptor AsyncOnLane = Define(
        "AK0014",
        "Async operation on a blocking lane",
        "An async operation does not block; await it directly, or use 'FanOutAsync' for many",
        DiagnosticSeverity.Error);

    public static readonly DiagnosticDescriptor UnjoinedScope = Define(
        "AK0015",
        "TaskScope is not joined",
        "'{0}' is disposed without JoinAsync, which cancels its children and hides their failures",
        DiagnosticSeverity.Warning);

    public static readonly DiagnosticDescriptor UnreleasedLease = Define(
        "AK0016",
        "Lease is never released",
        "The lease of '{0}' is never released; declare it with 'using'",
        DiagnosticSeverity.Warning);

    private static DiagnosticDescriptor Define(
        string id, string title, string message, DiagnosticSeverity severity) => new(
        id,
        title,
        message,
        "AsyncKit",
        severity,
        isEnabledByDefault: true,
        helpLinkUri: Page + "#" + id.ToLowerInvariant());
}
