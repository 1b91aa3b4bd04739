using System.Diagnostics;

namespace AsyncKit.Comparison;

/// <summary>Watches the process during a round from a dedicated thread. Every 10 ms it reads the thread count and the
/// memory. At an interval it queues an unrelated work item to the thread pool. Several items can wait at once, so a
/// starved pool shows.</summary>
internal sealed class Probe : IDisposable
{
    private const int Prepared = 16_384;
    private static readonly TimeSpan GaugeInterval = TimeSpan.FromMilliseconds(10);

    /// <summary>Short enough for 300 items in five rounds of a third of a second: that many allow a p99.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(3);
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(60);

    // Created before the round, so the probe allocates nothing during its first 16,384 items.
    private readonly List<PoolWait> _waits = [.. Enumerable.Range(0, Prepared).Select(_ => new PoolWait())];
    private readonly ManualResetEventSlim _running = new();
    private readonly ProcessGauge _gauge = new();
    private readonly TimeSpan _interval;
    private readonly Thread _thread;
    private long _observedAt;
    private int _queued;
    private int _peakThreads;
    private long _peakWorkingSet;
    private long _firstWorkingSet;
    private volatile bool _stop;

    private Probe(TimeSpan interval)
    {
        _interval = interval;
        _thread = new Thread(Watch) { IsBackground = true, Name = "probe" };
    }

    /// <param name="interval">The time between two work items; 3 ms if null.</param>
    public static Probe Start(TimeSpan? interval = null)
    {
        var probe = new Probe(interval ?? Interval);
        probe._thread.Start();
        probe._running.Wait();
        return probe;
    }

    /// <summary>Stops the probe and waits for the items that are still queued, because they count.</summary>
    public ProbeReading Stop()
    {
        StopThread();
        Observe();
        var waits = _waits.Take(_queued).ToList();
        var draining = Stopwatch.StartNew();
        while (!waits.TrueForAll(wait => wait.Ran) && draining.Elapsed < DrainLimit)
        {
            Thread.Sleep(1);
        }

        return new ProbeReading(
            _peakThreads,
            _peakWorkingSet,
            _peakWorkingSet - _firstWorkingSet,
            [.. waits.Select(wait => wait.Waited.TotalMilliseconds)]);
    }

    public void Dispose()
    {
        StopThread();
        _gauge.Dispose();
        _running.Dispose();
    }

    private void StopThread()
    {
        _stop = true;
        _thread.Join();
    }

    private void Watch()
    {
        while (!_stop)
        {
            if (Stopwatch.GetElapsedTime(_observedAt) >= GaugeInterval)
            {
                Observe();
            }

            if (_queued == _waits.Count)
            {
                _waits.Add(new PoolWait());
            }

            _waits[_queued++].Queue();
            _running.Set();
            Thread.Sleep(_interval);
        }
    }

    private void Observe()
    {
        _observedAt = Stopwatch.GetTimestamp();
        var (threads, workingSet) = _gauge.Read();
        _firstWorkingSet = _firstWorkingSet == 0 ? workingSet : _firstWorkingSet;
        _peakThreads = Math.Max(_peakThreads, threads - 1);
        _peakWorkingSet = Math.Max(_peakWorkingSet, workingSet);
    }
}
