namespace AsyncKit.Testing;

/// <summary>
/// What others in this process keep on the pool for long. What comes and goes there must not count, or it hides what a
/// schedule has on the pool at another moment.
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

    /// <summary>A run of all schedules begins or ends. Its thread is busy for certain when it is one of the pool's. Two
    /// runs are others to each other, which come and go.</summary>
    public static void CountRun(int change)
    {
        _ = Interlocked.Add(ref _runs, change);
        if (Thread.CurrentThread.IsThreadPoolThread)
        {
            _ = Interlocked.Add(ref _callers, change);
        }
    }

    public static void CountBegunByOther() => Interlocked.Increment(ref _begunByOthers);

    /// <summary>To be called when nothing of the schedule's own is there.</summary>
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

    /// <summary>Whether no thread is busy but those that others keep.</summary>
    /// <param name="isKnown">Whether it is known how many those are.</param>
    public static bool IsAllThereIs(out bool isKnown)
    {
        var busy = BusyOthers;
        lock (Gate)
        {
            isKnown = _isKnown && Interlocked.Read(ref _begunByOthers) == _begunThen;
            return busy <= 0 || (isKnown && busy <= _staying);
        }
    }
}
