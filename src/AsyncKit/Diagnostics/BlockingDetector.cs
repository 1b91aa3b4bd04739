using System.Collections.Concurrent;
using System.Diagnostics;

namespace AsyncKit;

/// <summary>
/// Finds code that blocks the thread pool, and tells it while it happens: threads of the pool that wait for a task,
/// with the stack; a pool that starves; operations of a fan-out that keep their thread before the first await.
/// </summary>
/// <remarks>
/// Guarantees:
/// <list type="bullet">
/// <item>Nothing is watched before Start and after Dispose. While no detector runs, a fan-out pays one read of a static
/// field per item, and everything else nothing.</item>
/// <item>A finding is told one ProbeInterval after its threshold, also when what blocks never ends; waits beyond twenty in
/// an interval at their end, and a starvation when the stacks have been looked at.</item>
/// <item>The logger and OnBlocking are called one at a time, and never on the thread that blocks.</item>
/// <item>Of one kind and place one finding is told per ReportInterval; the next one says how many there were.</item>
/// <item>What OnBlocking, the logger or the clock throws reaches no user code; what OnBlocking throws is logged.</item>
/// <item>A wait without a user's method on its stack is not told, such as the runtime's, AsyncKit's and the detector's
/// own; nor is one on a thread that is not the pool's.</item>
/// <item>A wait that runs its task itself is not told: its thread works.</item>
/// <item>Time in which the whole process stands still does not count as starvation.</item>
/// <item>DisposeAsync tells what was found before, and ends after the last call.</item>
/// </list>
/// Cost: waits are found by the runtime's events about tasks, which make each await that has to wait slower by a part of
/// a microsecond; probing costs a work item per ProbeInterval; on Linux a starvation that is told costs 0.1 to 0.2 s in
/// which the runtime traces the stacks of all threads. Any number of detectors may run; each has its price.
/// </remarks>
public sealed class BlockingDetector : IDisposable, IAsyncDisposable
{
    private const string ThreadName = "AsyncKit:BlockingDetector";
    private const int MostQueued = 1000;

    /// <summary>A wait that has just begun may be about to run its task itself.</summary>
    private static readonly TimeSpan LeastWait = TimeSpan.FromMilliseconds(1);

    private static readonly Lock Gate = new();
    private static BlockingDetector[] _watchingPrefixes = []; // Replaced under the lock.
    private static volatile bool _watchesPrefixes;

    private readonly ConcurrentQueue<(BlockingKind Kind, TimeSpan Elapsed, StackTrace? Stack, string? FanOut, long Index)>
        _ended = new();

    private readonly BlockingDetectorOptions _options;
    private readonly TimeProvider _clock;
    private readonly BlockingReporter _reporter;
    private readonly TaskWaitListener? _waits;
    private readonly ThreadInjectionListener? _injected;
    private readonly ThreadPoolProbe? _probe;
    private readonly PeriodicTicker _pulse;
    private long _lastTick;
    private bool _wasStarving;
    private int _isDisposed;

    private BlockingDetector(BlockingDetectorOptions options)
    {
        LeakCounter.Begin();
        _options = options;
        _clock = AsyncEnvironment.Clock(options.TimeProvider);
        _reporter = new BlockingReporter(options, _clock);
        _waits = IsSet(options.WaitThreshold) ? new TaskWaitListener(_clock, OnWaitEnded) : null;
        if (IsSet(options.PoolLatencyThreshold))
        {
            _probe = new ThreadPoolProbe(options.ProbeInterval);
            _injected = new ThreadInjectionListener();
        }

        if (IsSet(options.PrefixThreshold))
        {
            WatchPrefixes(watching => [.. watching, this]);
        }

        _lastTick = _clock.GetTimestamp();
        _pulse = new PeriodicTicker(_clock, options.ProbeInterval, ThreadName, Tick, Finish);
    }

    /// <summary>False in production, unless a detector runs: then a fan-out measures its prefixes.</summary>
    internal static bool WatchesPrefixes => _watchesPrefixes;

    /// <summary>Where threads of the pool wait for a task at this moment, as far as it is known.</summary>
    internal IEnumerable<string> BlockedAt => (_waits?.Blocked() ?? [])
        .Select(static wait => wait.Stack is null ? null : UserStack.Describe(wait.Stack))
        .OfType<string>();

    /// <summary>Starts to watch this process.</summary>
    /// <param name="options">What to look for, and whom to tell.</param>
    /// <returns>The detector: it watches until it is disposed.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    public static BlockingDetector Start(BlockingDetectorOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new BlockingDetector(options);
    }

    /// <summary>Stops watching. What was found before may still be told, a moment later. Further calls do
    /// nothing.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            WatchPrefixes(watching => [.. watching.Where(one => one != this)]);
            _waits?.Dispose();
            _injected?.Dispose();
            _pulse.Stop();
        }
    }

    /// <summary>Stops watching, and ends when what was found before has been told. Not to be awaited by
    /// OnBlocking.</summary>
    /// <returns>Ends after the last call of the logger or OnBlocking.</returns>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return new ValueTask(_pulse.End);
    }

    /// <summary>Called by the fan-out when an operation has returned, if <see cref="WatchesPrefixes"/> says so.</summary>
    internal static void OnPrefix(string? name, long index, TimeSpan elapsed)
    {
        foreach (var detector in Volatile.Read(ref _watchingPrefixes))
        {
            if (elapsed >= detector._options.PrefixThreshold)
            {
                detector.Enqueue(BlockingKind.SlowPrefix, elapsed, null, name, index);
            }
        }
    }

    private static bool IsSet(TimeSpan threshold) => threshold != Timeout.InfiniteTimeSpan;

    private static void WatchPrefixes(Func<BlockingDetector[], BlockingDetector[]> change)
    {
        lock (Gate)
        {
            Volatile.Write(ref _watchingPrefixes, change(_watchingPrefixes));
            _watchesPrefixes = _watchingPrefixes.Length > 0;
        }
    }

    /// <summary>On the thread that has waited.</summary>
    private void OnWaitEnded(BlockedWait wait, TimeSpan elapsed)
    {
        if (elapsed >= _options.WaitThreshold && wait.TryReport())
        {
            var stack = wait.Stack ?? new StackTrace(fNeedFileInfo: true); // It is still the wait's.
            Enqueue(BlockingKind.SynchronousWait, elapsed, stack, null, 0);
        }
    }

    private void Enqueue(BlockingKind kind, TimeSpan elapsed, StackTrace? stack, string? fanOut, long index)
    {
        if (_ended.Count < MostQueued)
        {
            _ended.Enqueue((kind, elapsed, stack, fanOut, index));
        }
    }

    private void Tick()
    {
        try
        {
            var now = _clock.GetTimestamp();
            var passed = _clock.GetElapsedTime(_lastTick, now);
            _lastTick = now;
            TellEnded();
            if (_waits is not null)
            {
                _waits.OnTick();
                TellWaiting(_waits);
            }

            if (_probe is not null)
            {
                _probe.OnTick(passed);
                ReportStarvation(_probe);
            }
        }
        catch (Exception exception)
        {
            // The clock's; the next tick tries again.
            _reporter.OnCallbackFailed(exception);
        }
    }

    private void Finish()
    {
        try
        {
            TellEnded();
        }
        catch (Exception exception)
        {
            // The clock's; there is no next tick.
            _reporter.OnCallbackFailed(exception);
        }

        LeakCounter.End();
    }

    private void TellEnded()
    {
        while (_ended.TryDequeue(out var one))
        {
            if (one.Kind == BlockingKind.SlowPrefix)
            {
                _reporter.ReportPrefix(one.Elapsed, one.FanOut, one.Index);
            }
            else if (UserStack.Describe(one.Stack!) is { } stack)
            {
                _reporter.ReportWait(one.Elapsed, stack);
            }
        }
    }

    /// <summary>Those that last. One without a stack is told when it ends.</summary>
    private void TellWaiting(TaskWaitListener waits)
    {
        foreach (var wait in waits.Blocked())
        {
            var elapsed = _clock.GetElapsedTime(wait.StartedAt);
            if (elapsed >= _options.WaitThreshold
                && elapsed >= LeastWait
                && wait.Stack is not null
                && wait.TryReport()
                && UserStack.Describe(wait.Stack) is { } stack)
            {
                _reporter.ReportWait(elapsed, stack);
            }
        }
    }

    private void ReportStarvation(ThreadPoolProbe probe)
    {
        var added = _injected!.Take();
        var isStarving = probe.Waited >= _options.PoolLatencyThreshold || added > 0;
        if (isStarving)
        {
            _reporter.ReportStarvation(probe.Waited, !_wasStarving, () => LookAtPool(added));
        }

        _wasStarving = isStarving;
    }

    private (ThreadPoolSnapshot Pool, string? StackTrace) LookAtPool(int added)
    {
        var blocked = _waits?.Blocked().Count() ?? 0;
        var waits = ThreadPoolHotspot.Of(BlockedAt).MaxBy(static place => place.Threads);
        var (threads, pending) = (ThreadPoolProbe.Threads, ThreadPoolProbe.PendingItems);
        var isExplained = blocked > threads / 2 || _clock != TimeProvider.System; // Another clock's timer must not wait.
        var seen = isExplained ? null : ThreadPoolStacks.Look().MaxBy(static place => place.Threads);
        seen = seen?.Threads > (waits?.Threads ?? 0) ? seen : null;
        return (new ThreadPoolSnapshot(threads, pending, blocked, added, seen), (seen ?? waits)?.StackTrace);
    }
}
