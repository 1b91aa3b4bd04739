namespace AsyncKit.Testing;

/// <summary>
/// The number of pool threads that other code in this process occupies for long. Short work of other code must not
/// count, because it would hide work of a schedule at another time.
/// </summary>
internal static class ThreadPoolNoise
{
    private static readonly TimeSpan Long = TimeSpan.FromMilliseconds(1);

    private static readonly Lock Gate = new();
    private static int _callers;
    private static int _runs;
    private static int _staying;
    private static bool _isKnown;
    private static long _begunByOthers;
    private static long _begunThen;
    private static long _then;

    private static int BusyOthers => ThreadPoolListener.BusyThreads - Volatile.Read(ref _callers);

    /// <summary>Counts the running calls of AsyncTest. The calling thread is busy if it is a pool thread. Concurrent
    /// calls are short work of other code to each other.</summary>
    public static void CountRun(int change)
    {
        _ = Interlocked.Add(ref _runs, change);
        if (Thread.CurrentThread.IsThreadPoolThread)
        {
            _ = Interlocked.Add(ref _callers, change);
        }
    }

    public static void CountBegunByOther() => Interlocked.Increment(ref _begunByOthers);

    /// <summary>Measures the occupied threads. Call it while the schedule has no external work.</summary>
    public static void Measure()
    {
        lock (Gate)
        {
            var begun = Interlocked.Read(ref _begunByOthers);
            if (begun != _begunThen)
            {
                (_begunThen, _then) = (begun, TimeProvider.System.GetTimestamp());
            }

            _isKnown = Volatile.Read(ref _runs) == 1 && TimeProvider.System.GetElapsedTime(_then) >= Long;
            _staying = _isKnown ? BusyOthers : 0;
        }
    }

    /// <summary>Returns whether the only busy threads are those that other code occupies.</summary>
    /// <param name="isKnown">Whether their number is known.</param>
    public static bool IsOnlyNoise(out bool isKnown)
    {
        var busy = BusyOthers;
        lock (Gate)
        {
            isKnown = _isKnown && Interlocked.Read(ref _begunByOthers) == _begunThen;
            return busy <= 0 || (isKnown && busy <= _staying);
        }
    }
}
