using System.Collections.Concurrent;
using System.Diagnostics;

namespace AsyncKit.Diagnostics;

/// <summary>
/// Finds code that blocks the thread pool and reports it while it happens. It reports synchronous waits with their
/// stacks, starvation with the method that keeps the threads, and slow synchronous parts of fan-out operations.
/// </summary>
/// <remarks>
/// Guarantees:
/// <list type="bullet">
/// <item>Nothing is observed before Start and after Dispose. Without a detector, a fan-out pays one read of a static
/// field per item, and all other code pays nothing.</item>
/// <item>A finding is reported within one ProbeInterval of its threshold, even if the call never returns. Waits beyond
/// the first twenty in an interval are reported when they end, and a starvation after the stacks are sampled.</item>
/// <item>Calls of the logger and OnBlocking never overlap, and never run on the thread that blocks.</item>
/// <item>One finding per kind and stack or fan-out is reported in a ReportInterval. The next one has the number of
/// suppressed findings.</item>
/// <item>An exception from OnBlocking, the logger or the clock never reaches user code. Those from OnBlocking are
/// logged.</item>
/// <item>A wait without user code on its stack is not reported; neither is a wait on a non-pool thread. The code of the
/// runtime, of AsyncKit and of the detector is not user code.</item>
/// <item>A wait that runs the awaited task inline is not reported, since its thread works.</item>
/// <item>Time in which the whole process stands still does not count as starvation.</item>
/// <item>A starvation is reported without a method if the runtime's diagnostics port is turned off or does not answer
/// within five seconds. No file is written.</item>
/// <item>DisposeAsync reports earlier findings and completes after the last callback.</item>
/// </list>
/// Cost: the runtime's events about tasks find the waits, and add less than a microsecond to each await that has to wait.
/// Probing costs one work item per ProbeInterval. A starvation that is reported costs 0.1 to 0.3 s, while the runtime
/// samples the stacks of all threads. Any number of detectors may run; each has its cost.
/// </remarks>
/// <example>
/// <code>
/// await using var detector = BlockingDetector.Start(new BlockingDetectorOptions { Logger = logger });
/// </code>
/// </example>
public sealed class BlockingDetector : IDisposable, IAsyncDisposable
{
    private const string ThreadName = "AsyncKit:BlockingDetector";
    private const int MaxPending = 1000;

    /// <summary>A wait that just started may be about to run its task inline.</summary>
    private static readonly TimeSpan MinWait = TimeSpan.FromMilliseconds(1);

    private static readonly TimeSpan SampleLimit = TimeSpan.FromSeconds(5);

    private readonly ConcurrentQueue<Action> _pending = new(); // Reports for the next tick.
    private readonly BlockingDetectorOptions _options;
    private readonly TimeProvider _clock;
    private readonly BlockingReporter _reporter;
    private readonly ThreadPoolStacks _stacks = new();
    private readonly TaskWaitListener? _waits;
    private readonly ThreadInjectionListener? _injections;
    private readonly ThreadPoolProbe? _probe;
    private readonly PeriodicTicker _ticker;
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
            _injections = new ThreadInjectionListener();
        }

        if (IsSet(options.PrefixThreshold))
        {
            SynchronousPrefix.Measured += OnPrefix;
        }

        _lastTick = _clock.GetTimestamp();
        _ticker = new PeriodicTicker(_clock, options.ProbeInterval, ThreadName, OnTick, OnStopped);
    }

    /// <summary>A snapshot of the stacks of the thread-pool threads that are known to wait for a task.</summary>
    internal IEnumerable<string> BlockedStacks => (_waits?.Blocked() ?? [])
        .Select(static wait => wait.Stack is null ? null : UserStack.Describe(wait.Stack))
        .OfType<string>();

    /// <summary>Starts a detector for this process.</summary>
    /// <param name="options">The thresholds and the callbacks.</param>
    /// <returns>The detector. It runs until it is disposed.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    public static BlockingDetector Start(BlockingDetectorOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new BlockingDetector(options);
    }

    /// <summary>Stops the detector. Earlier findings may still be reported, a moment later. Further calls do
    /// nothing.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            SynchronousPrefix.Measured -= OnPrefix;
            _waits?.Dispose();
            _injections?.Dispose();
            _ticker.Stop();
        }
    }

    /// <summary>Stops the detector and waits until earlier findings are reported. OnBlocking must not await it.</summary>
    /// <returns>A task that completes after the last call of the logger or OnBlocking.</returns>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return new ValueTask(_ticker.Completion);
    }

    private static bool IsSet(TimeSpan threshold) => threshold != Timeout.InfiniteTimeSpan;

    /// <summary>Runs on the thread of the operation.</summary>
    private void OnPrefix(string? fanOut, long index, TimeSpan elapsed)
    {
        if (elapsed >= _options.PrefixThreshold && _pending.Count < MaxPending)
        {
            EnqueuePrefix(fanOut, index, elapsed);
        }
    }

    /// <summary>Separate, because a closure is allocated on entry to its method.</summary>
    private void EnqueuePrefix(string? fanOut, long index, TimeSpan elapsed) =>
        _pending.Enqueue(() => _reporter.Report(
            $"{BlockingKind.SlowPrefix} {fanOut}",
            count => new(BlockingKind.SlowPrefix, elapsed, count) { FanOut = fanOut, Index = index }));

    /// <summary>Runs on the thread that waited.</summary>
    private void OnWaitEnded(BlockedWait wait, TimeSpan elapsed)
    {
        if (elapsed >= _options.WaitThreshold && wait.TryReport() && _pending.Count < MaxPending)
        {
            EnqueueWait(wait.Stack ?? new StackTrace(fNeedFileInfo: true), elapsed); // The wait is still on it.
        }
    }

    private void EnqueueWait(StackTrace stack, TimeSpan elapsed) => _pending.Enqueue(() => ReportWait(stack, elapsed));

    private void OnTick() => Guard(() =>
    {
        var now = _clock.GetTimestamp();
        var elapsed = _clock.GetElapsedTime(_lastTick, now);
        _lastTick = now;
        ReportPending();
        if (_waits is not null)
        {
            _waits.OnTick();
            ReportWaiting(_waits);
        }

        if (_probe is not null)
        {
            _probe.OnTick(elapsed);
            ReportStarvation(_probe);
        }
    });

    private void OnStopped()
    {
        Guard(ReportPending);
        LeakCounter.End();
    }

    /// <summary>A user-supplied clock may throw. The next tick starts over.</summary>
    private void Guard(Action action)
    {
        try
        {
            action();
        }
        catch (Exception exception)
        {
            _reporter.OnCallbackFailed(exception);
        }
    }

    private void ReportPending()
    {
        while (_pending.TryDequeue(out var report))
        {
            report();
        }
    }

    private void ReportWait(StackTrace trace, TimeSpan elapsed)
    {
        if (UserStack.Describe(trace) is { } stack)
        {
            _reporter.Report(
                $"{BlockingKind.SynchronousWait} {UserStack.UserLines(stack)}",
                count => new(BlockingKind.SynchronousWait, elapsed, count) { StackTrace = stack });
        }
    }

    /// <summary>Reports the waits in progress. A wait without a stack is reported when it ends.</summary>
    private void ReportWaiting(TaskWaitListener waits)
    {
        foreach (var wait in waits.Blocked())
        {
            var elapsed = _clock.GetElapsedTime(wait.StartedAt);
            if (elapsed >= _options.WaitThreshold
                && elapsed >= MinWait
                && wait.Stack is { } stack
                && wait.TryReport())
            {
                ReportWait(stack, elapsed);
            }
        }
    }

    private void ReportStarvation(ThreadPoolProbe probe)
    {
        var added = _injections!.Take();
        var isStarving = probe.Waited >= _options.PoolLatencyThreshold || added > 0;
        if (isStarving)
        {
            var elapsed = probe.Waited;
            _reporter.Report(
                $"{BlockingKind.PoolStarvation}", count => InspectPool(elapsed, added, count), isNew: !_wasStarving);
        }

        _wasStarving = isStarving;
    }

    private BlockingFinding InspectPool(TimeSpan elapsed, int added, long suppressed)
    {
        var blocked = _waits?.Blocked().Count() ?? 0;
        var waiting = ThreadPoolHotspot.Of(BlockedStacks).MaxBy(static hotspot => hotspot.Threads);
        var (threads, pending) = (ThreadPoolProbe.Threads, ThreadPoolProbe.PendingItems);

        // The timer of another clock must not be blocked by sampling.
        var isExplained = blocked > threads / 2 || _clock != TimeProvider.System;
        var sampled = isExplained ? null : _stacks.Sample(SampleLimit).MaxBy(static hotspot => hotspot.Threads);
        sampled = sampled?.Threads > (waiting?.Threads ?? 0) ? sampled : null;
        return new BlockingFinding(BlockingKind.PoolStarvation, elapsed, suppressed)
        {
            StackTrace = (sampled ?? waiting)?.StackTrace,
            Pool = new ThreadPoolSnapshot(threads, pending, blocked, added, sampled),
        };
    }
}
