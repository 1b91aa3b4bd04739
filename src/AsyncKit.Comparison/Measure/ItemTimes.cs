using System.Diagnostics;

namespace AsyncKit.Comparison;

/// <summary>Collects the times of single items and counts the items in progress, with no lock.</summary>
internal sealed class ItemTimes
{
    private const int MaxSamples = 1 << 20;

    private long[] _ticks = [];
    private int _count;
    private int _running;
    private int _peak;

    /// <summary>The largest number of items in progress at the same time since the last reset.</summary>
    public int Peak => Volatile.Read(ref _peak);

    /// <summary>Forgets earlier times and makes room for this many, so that a round allocates nothing for them.</summary>
    public void Reset(int capacity)
    {
        _ticks = new long[Math.Min(capacity, MaxSamples)];
        Volatile.Write(ref _count, 0);
        Volatile.Write(ref _peak, 0);
    }

    public void Enter()
    {
        var running = Interlocked.Increment(ref _running);
        var peak = Volatile.Read(ref _peak);
        while (running > peak)
        {
            var seen = Interlocked.CompareExchange(ref _peak, running, peak);
            if (seen == peak)
            {
                return;
            }

            peak = seen;
        }
    }

    public void Exit(long startedAt)
    {
        Interlocked.Decrement(ref _running);
        var index = Interlocked.Increment(ref _count) - 1;
        if (index < _ticks.Length)
        {
            _ticks[index] = Stopwatch.GetTimestamp() - startedAt;
        }
    }

    /// <summary>The times in milliseconds, in order of completion.</summary>
    public double[] ToMilliseconds() =>
        [.. _ticks.Take(Math.Max(0, _count)).Select(ticks => ticks * 1000.0 / Stopwatch.Frequency)];
}
