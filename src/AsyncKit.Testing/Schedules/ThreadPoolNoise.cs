namespace AsyncKit.Testing;

/// <summary>Counts the threads of the thread pool that unrelated code of this process occupies for long. Short work
/// items must not count, because they would hide the work items of a schedule.</summary>
internal static class ThreadPoolNoise
{
    private static readonly TimeSpan LongTime = TimeSpan.FromMilliseconds(1);

    private static readonly TimeSpan MaxWait = TimeSpan.FromMilliseconds(20);

    private static readonly SpinningLock StaticLock = new();
    private static int _callers;
    private static int _runs;
    private static int _longRunning;
    private static bool _isKnown;
    private static long _startedByOthers;
    private static long _lastStarted;
    private static long _lastStartedAt;

    private static int BusyOthers => ThreadPoolListener.BusyThreads - Volatile.Read(ref _callers);

    /// <summary>Counts the concurrent calls of <see cref="AsyncTest.Run"/>. The thread of a call is always busy if it
    /// belongs to the thread pool. Two calls are unrelated code to each other, with short work items.</summary>
    public static void CountRun(int change)
    {
        _ = Interlocked.Add(ref _runs, change);
        if (Thread.CurrentThread.IsThreadPoolThread)
        {
            _ = Interlocked.Add(ref _callers, change);
        }
    }

    public static void CountStartedByOthers() => Interlocked.Increment(ref _startedByOthers);

    /// <summary>Measures the noise. Call it while the schedule has no work items.</summary>
    public static void Measure()
    {
        using (StaticLock.Enter())
        {
            var started = Interlocked.Read(ref _startedByOthers);
            if (started != _lastStarted)
            {
                (_lastStarted, _lastStartedAt) = (started, TimeProvider.System.GetTimestamp());
            }

            _isKnown = Volatile.Read(ref _runs) == 1 && TimeProvider.System.GetElapsedTime(_lastStartedAt) >= LongTime;
            _longRunning = _isKnown ? BusyOthers : 0;
        }
    }

    /// <summary>Waits until the noise is known. Otherwise only a timeout shows the end of a work item. It is
    /// as long as the longest wait here, and each schedule may need several.</summary>
    public static void WaitUntilKnown()
    {
        var start = TimeProvider.System.GetTimestamp();
        Measure();
        while (!Volatile.Read(ref _isKnown) && TimeProvider.System.GetElapsedTime(start) < MaxWait)
        {
            _ = Thread.Yield();
            Measure();
        }
    }

    /// <summary>Returns true if only unrelated code occupies threads of the thread pool.</summary>
    /// <param name="isKnown">True if the number of those threads is known.</param>
    public static bool IsOnlyNoise(out bool isKnown)
    {
        var busy = BusyOthers;
        using (StaticLock.Enter())
        {
            isKnown = _isKnown && Interlocked.Read(ref _startedByOthers) == _lastStarted;
            return busy <= 0 || (isKnown && busy <= _longRunning);
        }
    }
}
