using System.Diagnostics.Tracing;

#pragma warning disable RS0030 // Looks at the pool, and queues nothing of a test's.

namespace AsyncKit.Testing;

/// <summary>
/// Listens to two event sources of the runtime: which async methods begin and end, and what is queued to the thread
/// pool. Events come on the thread that causes them, so it is known to which schedule they belong.
/// </summary>
internal sealed class ThreadPoolListener : EventListener
{
    private const string PoolSource = "System.Diagnostics.Eventing.FrameworkEventSource";
    private const string TaskSource = "System.Threading.Tasks.TplEventSource";
    private const EventKeywords PoolKeyword = (EventKeywords)0x2;
    private const EventKeywords OperationKeyword = (EventKeywords)0x8;
    private const int OperationBegins = 14;
    private const int OperationEnds = 15;
    private const int ItemIsQueued = 30;
    private const int ItemBegins = 31;

    private static readonly Lock Gate = new();
    private static ThreadPoolListener? _shared;
    private static volatile bool _isNoticed;

    private ThreadPoolListener()
    {
    }

    public static int BusyThreads
    {
        get
        {
            ThreadPool.GetMaxThreads(out var most, out _);
            ThreadPool.GetAvailableThreads(out var available, out _);
            return most - available;
        }
    }

    public static long PendingItems => ThreadPool.PendingWorkItemCount;

    /// <summary>
    /// Returns when the pool has noticed. One for all, so that each event comes once, and for good: a thread of the
    /// pool looks only now and then whether to tell, and may take a pause between two listeners for the end of all.
    /// </summary>
    public static void Start()
    {
        lock (Gate)
        {
            _shared ??= new ThreadPoolListener();
            using var hasRun = new AutoResetEvent(initialState: false);
            while (!_isNoticed)
            {
                ThreadPool.UnsafeQueueUserWorkItem(static hasRun => hasRun.Set(), hasRun, preferLocal: false);
                _ = hasRun.WaitOne();
                _ = Thread.Yield();
            }
        }
    }

    /// <summary>For tests that count bytes, which the events cost too. No schedule may be running.</summary>
    public static void Stop()
    {
        lock (Gate)
        {
            _shared?.Dispose();
            _shared = null;
            _isNoticed = false;
        }
    }

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        switch (eventSource.Name)
        {
            case PoolSource:
                EnableEvents(eventSource, EventLevel.Verbose, PoolKeyword);
                break;
            case TaskSource:
                EnableEvents(eventSource, EventLevel.Informational, OperationKeyword);
                break;
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.Payload is not { Count: > 0 } payload)
        {
            return;
        }

        switch (eventData.EventId)
        {
            case ItemBegins when payload[0] is long item:
                ExternalWork.Begin(item);
                break;
            case ItemIsQueued when payload[0] is long item:
                _isNoticed = true;
                ExternalWork.QueuedBySomeone(item);
                break;
            case OperationBegins when payload[0] is int id && Schedule.Current is { } schedule:
                schedule.PendingOperations.Begin(id, (string)payload[1]!);
                break;
            case OperationEnds when payload[0] is int id:
                PendingOperations.End(id);
                break;
        }
    }
}
