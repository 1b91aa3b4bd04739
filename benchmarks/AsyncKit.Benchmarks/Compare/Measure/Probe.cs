using System.Diagnostics;

namespace AsyncKit.Benchmarks;

/// <summary>
/// Watches the process during a round from a thread of its own: every 10 ms it reads thread count and memory and puts
/// an unrelated work item into the thread pool's queue. Several items may be waiting; a starved pool must show.
/// </summary>
internal sealed class Probe : IDisposable
{
    private const int IntervalMs = 10;
    private const int Prepared = 8192;
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(60);

    // Made before the round, so that watching allocates nothing during the first 80 seconds of it.
    private readonly List<PoolWait> _waits = [.. Enumerable.Range(0, Prepared).Select(_ => new PoolWait())];
    private readonly ManualResetEventSlim _running = new();
    private readonly ProcessGauge _gauge = new();
    private readonly Thread _thread;
    private int _queued;
    private int _peakThreads;
    private long _peakWorkingSet;
    private volatile bool _stop;

    private Probe() => _thread = new Thread(Watch) { IsBackground = true, Name = "probe" };

    public static Probe Start()
    {
        var probe = new Probe();
        probe._thread.Start();
        probe._running.Wait();
        return probe;
    }

    /// <summary>Ends the watch and waits for the items that are still in the queue: they count.</summary>
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
            _peakThreads, _peakWorkingSet, [.. waits.Select(wait => wait.Waited.TotalMilliseconds)]);
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
            Observe();
            if (_queued == _waits.Count)
            {
                _waits.Add(new PoolWait());
            }

            _waits[_queued++].Queue();
            _running.Set();
            Thread.Sleep(IntervalMs);
        }
    }

    private void Observe()
    {
        var (threads, workingSet) = _gauge.Read();
        _peakThreads = Math.Max(_peakThreads, threads - 1);
        _peakWorkingSet = Math.Max(_peakWorkingSet, workingSet);
    }
}
