using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Tracing;
using System.Runtime.ExceptionServices;

namespace AsyncKit.Diagnostics;

/// <summary>
/// Tracks which thread-pool threads wait for a task, and since when, by the runtime's events about tasks. An event is
/// raised on the thread that waits, so the stack can be captured.
/// </summary>
/// <remarks>
/// Invariants:
/// (1) Only a thread itself changes its entry, except that the entries of dead threads are removed.
/// (2) A thread that waits, and does not run the awaited task inline, raises no event and throws nothing until the wait
/// ends. A cancelled wait has no event: it ends when it throws. Any other end is noticed at the next event of the thread.
/// (3) Nothing here waits, completes a task or throws, since it runs inside user code.
/// </remarks>
internal sealed class TaskWaitListener(TimeProvider clock, Action<BlockedWait, TimeSpan> onEnded) : EventListener
{
    private const string Source = "System.Threading.Tasks.TplEventSource";
    private const EventKeywords Tasks = (EventKeywords)0x2;
    private const int TaskStarted = 8;
    private const int WaitStarted = 10;
    private const int WaitEnded = 11;
    private const int TaskIdAt = 2;
    private const int BehaviorAt = 3;
    private const int Synchronous = 1;
    private const int StacksPerTick = 20; // A stack costs about 20 us. Further waits are reported when they end.

    private readonly ConcurrentDictionary<int, BlockedWait> _waits = new(); // By managed thread id.
    private int _stacksLeft = StacksPerTick;
    private volatile bool _isStopped;

    /// <summary>Allows further stacks and removes the entries of dead threads.</summary>
    public void OnTick()
    {
        Volatile.Write(ref _stacksLeft, StacksPerTick);
        foreach (var dead in _waits.Where(static one => !one.Value.IsAlive))
        {
            _ = _waits.TryRemove(dead);
        }
    }

    /// <summary>The waits in progress, the innermost of each thread.</summary>
    public IEnumerable<BlockedWait> Blocked() =>
        _waits.Select(static one => one.Value).Where(static wait => !wait.IsWorking);

    public override void Dispose()
    {
        _isStopped = true;
        AppDomain.CurrentDomain.FirstChanceException -= OnException;
        base.Dispose();
        _waits.Clear();
    }

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (string.Equals(eventSource.Name, Source, StringComparison.Ordinal))
        {
            AppDomain.CurrentDomain.FirstChanceException += OnException;
            EnableEvents(eventSource, EventLevel.Verbose, Tasks); // The end of a wait is a verbose event.
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (_isStopped)
        {
            return;
        }

        try
        {
            if (_waits.TryGetValue(Environment.CurrentManagedThreadId, out var wait))
            {
                OnWaiterEvent(wait, eventData);
            }

            if (eventData.EventId == WaitStarted
                && eventData.Payload is { Count: > BehaviorAt } payload
                && payload[BehaviorAt] is Synchronous
                && Thread.CurrentThread.IsThreadPoolThread)
            {
                OnWaitStarted((int)payload[TaskIdAt]!);
            }
        }
        catch (Exception)
        {
            // A user-supplied clock may throw. The code that waits must not fail because of it.
        }
    }

    private static int? TaskIdOf(EventWrittenEventArgs eventData) =>
        eventData.EventId is TaskStarted or WaitEnded && eventData.Payload is { Count: > TaskIdAt } payload
            ? payload[TaskIdAt] as int?
            : null;

    private void OnWaitStarted(int taskId)
    {
        var thread = Environment.CurrentManagedThreadId;
        var outer = _waits.GetValueOrDefault(thread);
        var stack = Interlocked.Decrement(ref _stacksLeft) >= 0 ? new StackTrace(fNeedFileInfo: true) : null;
        _waits[thread] = new BlockedWait(taskId, clock.GetTimestamp(), stack, outer);
    }

    private void OnWaiterEvent(BlockedWait wait, EventWrittenEventArgs eventData)
    {
        var isOfTask = TaskIdOf(eventData) == wait.TaskId;
        if (isOfTask && eventData.EventId == TaskStarted)
        {
            wait.IsWorking = true;
        }
        else if (isOfTask)
        {
            OnEnded(wait);
        }
        else if (!wait.IsWorking)
        {
            Remove(wait);
            if (wait.Outer is not null)
            {
                OnWaiterEvent(wait.Outer, eventData);
            }
        }
    }

    private void OnException(object? sender, FirstChanceExceptionEventArgs args)
    {
        try
        {
            if (_waits.TryGetValue(Environment.CurrentManagedThreadId, out var wait) && !wait.IsWorking)
            {
                OnEnded(wait);
            }
        }
        catch (Exception)
        {
            // As in OnEventWritten.
        }
    }

    private void OnEnded(BlockedWait wait)
    {
        Remove(wait);
        if (!wait.IsWorking)
        {
            onEnded(wait, clock.GetElapsedTime(wait.StartedAt));
        }
    }

    private void Remove(BlockedWait wait)
    {
        if (wait.Outer is not null)
        {
            _waits[Environment.CurrentManagedThreadId] = wait.Outer;
        }
        else
        {
            _ = _waits.TryRemove(Environment.CurrentManagedThreadId, out _);
        }
    }
}
