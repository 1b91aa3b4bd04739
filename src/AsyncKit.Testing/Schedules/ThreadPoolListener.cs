using System.Diagnostics.Tracing;

#pragma warning disable RS0030 // Observes the thread pool; queues no work of a test.

namespace AsyncKit.Testing;

/// <summary>Listens to two event sources of the runtime, for the start and the completion of async methods and for the
/// work items of the thread pool. Each event arrives on the thread that causes it, which identifies its
/// schedule.</summary>
internal sealed class ThreadPoolListener : EventListener
{
    private const string PoolSource = "System.Diagnostics.Eventing.FrameworkEventSource";
    private const string TaskSource = "System.Threading.Tasks.TplEventSource";
    private const EventKeywords PoolKeyword = (EventKeywords)0x2;
    private const EventKeywords OperationKeyword = (EventKeywords)0x8;
    private const int OperationStarted = 14;
    private const int OperationCompleted = 15;
    private const int ItemQueued = 30;
    private const int ItemStarted = 31;

    private static readonly Lock StaticLock = new();
    private static ThreadPoolListener? _shared;
    private static volatile bool _isActive;

    private ThreadPoolListener()
    {
    }

    public static int BusyThreads
    {
        get
        {
            ThreadPool.GetMaxThreads(out var max, out _);
            ThreadPool.GetAvailableThreads(out var available, out _);
            return max - available;
        }
    }

    public static long PendingItems => ThreadPool.PendingWorkItemCount;

    /// <summary>Starts the shared listener, and returns when the thread pool writes events.</summary>
    /// <remarks>One listener serves all schedules, so each event arrives once. It is never stopped: a thread of the
    /// pool checks only occasionally whether a listener exists, and could miss the start of the next one.</remarks>
    public static void Start()
    {
        lock (StaticLock)
        {
            _shared ??= new ThreadPoolListener();
            using var hasRun = new AutoResetEvent(initialState: false);
            while (!_isActive)
            {
                ThreadPool.UnsafeQueueUserWorkItem(static hasRun => hasRun.Set(), hasRun, preferLocal: false);
                _ = hasRun.WaitOne();
                _ = Thread.Yield();
            }
        }
    }

    /// <summary>Stops the listener, for tests that measure allocations, which the events add to. No schedule may be
    /// running.</summary>
    public static void Stop()
    {
        lock (StaticLock)
        {
            _shared?.Dispose();
            _shared = null;
            _isActive = false;
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
            case ItemStarted when payload[0] is long item:
                ExternalWork.OnItemStarted(item);
                break;
            case ItemQueued when payload[0] is long item:
                _isActive = true;
                ExternalWork.OnItemQueued(item);
                break;
            case OperationStarted when payload[0] is int id && Schedule.Current is { } schedule:
                schedule.PendingOperations.Add(id, (string)payload[1]!);
                break;
            case OperationCompleted when payload[0] is int id:
                PendingOperations.Remove(id);
                break;
        }
    }
}
