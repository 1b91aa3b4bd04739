using AsyncKit.Testing;

namespace AsyncKit.Benchmarks;

/// <summary>
/// A server that handles a fixed number of requests at once and rejects the rest, and callers that always have another
/// request, through one adaptive gate. It runs on virtual time and one thread, so each run gives the same figures.
/// </summary>
internal sealed class AdaptiveServer
{
    private static readonly TimeSpan Served = TimeSpan.FromMilliseconds(100);

    private readonly VirtualTime _time = new();
    private readonly ConcurrencyGate _gate;
    private readonly TimeSpan _refused;
    private readonly Random _random = new(7); // A fixed seed gives the same figures each time.
    private int _busy;

    public AdaptiveServer(int start, TimeSpan refused)
    {
        _gate = new ConcurrencyGate(new AdaptiveLimit(1, 200) { Start = start }) { TimeProvider = _time };
        _refused = refused;
    }

    public int Capacity { get; set; } = 40;

    public int Sent { get; private set; }

    /// <summary>The limit when each request was sent.</summary>
    public List<int> Limits { get; } = [];

    /// <summary>Runs until that many more requests are sent.</summary>
    public AdaptiveFigures Run(int requests)
    {
        var figures = new AdaptiveFigures();
        var (begin, until) = (_time.Elapsed, Sent + requests);
        while (Sent < until)
        {
            while (Sent < until && _gate.TryAcquire(out var lease))
            {
                Sent++;
                Limits.Add(_gate.Limit);
                figures.See(_gate.Limit);
                Send(lease, figures);
            }

            _time.AdvanceToNextTimer();
        }

        figures.SetThroughput(Capacity * ((_time.Elapsed - begin) / Served));
        return figures;
    }

    private void Send(Lease lease, AdaptiveFigures figures)
    {
        var isServed = _busy < Capacity;
        _busy += isServed ? 1 : 0;
        var time = isServed ? Served * (0.8 + (0.4 * _random.NextDouble())) : _refused;
        ITimer? timer = null;
        timer = _time.CreateTimer(
            _ =>
            {
                timer?.Dispose();
                _busy -= isServed ? 1 : 0;
                figures.Count(isServed);
                lease.Report(isServed ? GateSignal.Success : GateSignal.Throttled);
                lease.Dispose();
            },
            null,
            time,
            Timeout.InfiniteTimeSpan);
    }
}
