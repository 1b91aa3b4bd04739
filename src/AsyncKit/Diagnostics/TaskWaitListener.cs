using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Tracing;
using System.Runtime.ExceptionServices;

namespace AsyncKit;

/// <summary>
/// Knows which threads of the pool wait for a task, and since when, from the runtime's events about tasks. They come on
/// the thread that waits, which is how the stack is known.
/// </summary>
/// <remarks>
/// Invariants:
/// (1) The entry of a thread is changed by that thread only, except that entries of dead threads are removed.
/// (2) A thread that waits without running the task itself causes no event and throws nothing until that wait is over.
/// A cancelled wait has no event of its own: it ends when it throws. Whatever else may end one is noticed at the next
/// event of the thread.
/// (3) Nothing here waits, completes a task or throws: it runs inside the user's code.
/// </remarks>
internal sealed class TaskWaitListener(TimeProvider clock, Action<BlockedWait, TimeSpan> onEnded) : EventListener
{
    private const string Source = "System.Threading.Tasks.TplEventSource";
    private const EventKeywords Tasks = (EventKeywords)0x2;
    private const int TaskStarts = 8;
    private const int WaitBegins = 10;
    private const int WaitEnds = 11;
    private const int TaskIdAt = 2;
    private const int BehaviorAt = 3;
    private const int Synchronous = 1;
    private const int StacksPerTick = 20; // One costs some 20 us; those who wait more often are named when they end.

    private readonly ConcurrentDictionary<int, BlockedWait> _waits = new(); // By the number of the thread.
    private int _count;
    private int _stacksLeft = StacksPerTick;
    private volatile bool _isStopped;

    /// <summary>From now on there are stacks again.</summary>
    public void OnTick()
    {
        Volatile.Write(ref _stacksLeft, StacksPerTick);
        if (Volatile.Read(ref _count) == 0)
        {
            return;
        }

        foreach (var dead in _waits.Where(static one => !one.Value.IsAlive))
        {
            if (_waits.TryRemove(dead))
            {
                Interlocked.Decrement(ref _count);
            }
        }
    }

    /// <summary>Those that last, the innermost of each thread.</summary>
    public IEnumerable<BlockedWait> Blocked() => Volatile.Read(ref _count) == 0
        ? []
        : _waits.Select(static one => one.Value).Where(static wait => !wait.IsWorking);

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
            EnableEvents(eventSource, EventLevel.Verbose, Tasks); // The end of a wait is a verbose one.
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
            if (Volatile.Read(ref _count) > 0
                && _waits.TryGetValue(Environment.CurrentManagedThreadId, out var wait))
            {
                OnEventOfWaiter(wait, eventData);
            }

            if (eventData.EventId == WaitBegins
                && eventData.Payload is { Count: > BehaviorAt } payload
                && payload[BehaviorAt] is Synchronous
                && Thread.CurrentThread.IsThreadPoolThread)
            {
                Begin((int)payload[TaskIdAt]!);
            }
        }
        catch (Exception)
        {
            // The clock may be a user's. Whoever waits for a task must not notice.
        }
    }

    private static int? TaskIdOf(EventWrittenEventArgs eventData) =>
        eventData.EventId is TaskStarts or WaitEnds && eventData.Payload is { Count: > TaskIdAt } payload
            ? payload[TaskIdAt] as int?
            : null;

    private void Begin(int taskId)
    {
        var thread = Environment.CurrentManagedThreadId;
        var outer = _waits.GetValueOrDefault(thread);
        var stack = Interlocked.Decrement(ref _stacksLeft) >= 0 ? new StackTrace(fNeedFileInfo: true) : null;
        _waits[thread] = new BlockedWait(taskId, clock.GetTimestamp(), stack, outer);
        if (outer is null)
        {
            Interlocked.Increment(ref _count);
        }
    }

    private void OnEventOfWaiter(BlockedWait wait, EventWrittenEventArgs eventData)
    {
        var isOfTask = TaskIdOf(eventData) == wait.TaskId;
        if (isOfTask && eventData.EventId == TaskStarts)
        {
            wait.IsWorking = true;
        }
        else if (isOfTask)
        {
            Remove(wait);
            if (!wait.IsWorking)
            {
                onEnded(wait, clock.GetElapsedTime(wait.StartedAt));
            }
        }
        else if (!wait.IsWorking)
        {
            Remove(wait);
            if (wait.Outer is not null)
            {
                OnEventOfWaiter(wait.Outer, eventData);
            }
        }
    }

    private void OnException(object? sender, FirstChanceExceptionEventArgs args)
    {
        try
        {
            if (Volatile.Read(ref _count) > 0
                && _waits.TryGetValue(Environment.CurrentManagedThreadId, out var wait)
                && !wait.IsWorking)
            {
                Remove(wait);
                onEnded(wait, clock.GetElapsedTime(wait.StartedAt));
            }
        }
        catch (Exception)
        {
            // As above.
        }
    }

    private void Remove(BlockedWait wait)
    {
        var thread = Environment.CurrentManagedThreadId;
        if (wait.Outer is not null)
        {
            _waits[thread] = wait.Outer;
        }
        else if (_waits.TryRemove(thread, out _))
        {
            Interlocked.Decrement(ref _count);
        }
    }
}
