using System.Diagnostics.Tracing;

#pragma warning disable RS0030 // Observes the thread pool and queues no work of a test.

namespace AsyncKit.Testing;

/// <summary>
/// Listens to the events of the runtime about async methods and thread pool items. An event is raised on the thread that
/// causes it, which shows the schedule that it belongs to.
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
    private static volatile bool _isEnabled;

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
    /// Starts the one listener of the process and returns when the thread pool raises events. It is never stopped: pool
    /// threads check only now and then whether a listener exists, and could miss one that replaces another.
    /// </summary>
    public static void Start()
    {
        lock (Gate)
        {
            _shared ??= new ThreadPoolListener();
            using var hasRun = new AutoResetEvent(initialState: false);
            while (!_isEnabled)
            {
                ThreadPool.UnsafeQueueUserWorkItem(static hasRun => hasRun.Set(), hasRun, preferLocal: false);
                _ = hasRun.WaitOne();
                _ = Thread.Yield();
            }
        }
    }

    /// <summary>Stops the listener, for tests that count bytes, since events allocate. No schedule may run.</summary>
    public static void Stop()
    {
        lock (Gate)
        {
            _shared?.Dispose();
            _shared = null;
            _isEnabled = false;
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
                _isEnabled = true;
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
