namespace AsyncKit.Testing;

/// <summary>Counts the threads of the thread pool that unrelated code of this process occupies permanently, such as the
/// blocked threads of a test runner.</summary>
/// <remarks>As long as those threads stay occupied, a work item of a schedule shows in the number of busy threads. If
/// one of them became free, the item could take its place in that number and seem complete. So a thread must have been
/// occupied for at least <see cref="Period"/> to count.</remarks>
internal static class ThreadPoolNoise
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    /// <summary>The time that the first run of a process observes the thread pool.</summary>
    private static readonly TimeSpan FirstPeriod = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan MaxWait = TimeSpan.FromMilliseconds(20);

    private static readonly SpinningLock StaticLock = new();
    private static int _callers;
    private static int _runs;
    private static int _permanent; // The minimum of both periods.
    private static int _minOfLastPeriod = int.MaxValue;
    private static int _minOfThisPeriod = int.MaxValue;
    private static long _periodStart;
    private static bool _isKnown;
    private static long _startedByOthers;
    private static long _startedBeforeMeasuring;

    private static int BusyOthers => ThreadPoolListener.BusyThreads - Volatile.Read(ref _callers);

    /// <summary>Counts the concurrent calls of <see cref="AsyncTest.Run"/>. The thread of a call is always busy if it
    /// belongs to the thread pool. Two calls are unrelated code to each other, with short work items.</summary>
    public static void CountRun(int change)
    {
        using (StaticLock.Enter())
        {
            _runs += change;
            _isKnown = false;
            if (Thread.CurrentThread.IsThreadPoolThread)
            {
                Volatile.Write(ref _callers, _callers + change);
                if (change > 0 && _runs > 1)
                {
                    // The run before may have measured this thread as an unrelated one.
                    _permanent = _minOfLastPeriod = _minOfThisPeriod = Math.Max(0, _permanent - 1);
                }
            }
        }
    }

    public static void CountStartedByOthers() => Interlocked.Increment(ref _startedByOthers);

    /// <summary>Measures the noise. Call it while the schedule has no work items.</summary>
    public static void Measure()
    {
        using (StaticLock.Enter())
        {
            var now = TimeProvider.System.GetTimestamp();
            if (TimeProvider.System.GetElapsedTime(_periodStart, now) >= Period)
            {
                (_minOfLastPeriod, _minOfThisPeriod, _periodStart) = (_minOfThisPeriod, int.MaxValue, now);
            }

            _startedBeforeMeasuring = Interlocked.Read(ref _startedByOthers);
            var busy = BusyOthers;
            _minOfThisPeriod = Math.Min(_minOfThisPeriod, busy);
            _permanent = Math.Min(_minOfLastPeriod, _minOfThisPeriod);
            _isKnown = _runs == 1 && busy <= _permanent;
        }
    }

    /// <summary>Waits until no unrelated work item runs, but not for long. While one runs, only a timeout shows the end
    /// of a schedule's work item, and each schedule may need several.</summary>
    public static void WaitUntilKnown()
    {
        var start = TimeProvider.System.GetTimestamp();
        var isFirst = Volatile.Read(ref _periodStart) == 0;
        Measure();
        while (TimeProvider.System.GetElapsedTime(start) is var elapsed
            && (isFirst ? elapsed < FirstPeriod : !Volatile.Read(ref _isKnown) && elapsed < MaxWait))
        {
            _ = Thread.Yield();
            Measure();
        }
    }

    /// <summary>Returns true if only unrelated code occupies threads of the thread pool.</summary>
    /// <param name="isKnown">True if no unrelated work item ran or started since the measurement.</param>
    public static bool IsOnlyNoise(out bool isKnown)
    {
        var busy = BusyOthers;
        using (StaticLock.Enter())
        {
            isKnown = _isKnown && Interlocked.Read(ref _startedByOthers) == _startedBeforeMeasuring;
            return busy <= Math.Max(0, _permanent);
        }
    }
}
