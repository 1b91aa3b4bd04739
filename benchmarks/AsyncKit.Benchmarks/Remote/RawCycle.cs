using System.Diagnostics;
using System.Globalization;

namespace AsyncKit.Benchmarks;

/// <summary>Where the slots of a worker by hand spend their time: the work, the confirmation of the reply, and the wait for
/// the next delivery.</summary>
internal sealed class RawCycle(int limit)
{
    private readonly Lock _lock = new();
    private long _first;
    private long _last;
    private long _work;
    private long _confirmation;
    private int _items;

    public void Add(long start, long done, long confirmed)
    {
        lock (_lock)
        {
            _first = _items == 0 ? start : _first;
            _last = confirmed;
            _work += done - start;
            _confirmation += confirmed - done;
            _items++;
        }
    }

    /// <summary>The three in milliseconds an item, as cells of a table.</summary>
    public override string ToString()
    {
        lock (_lock)
        {
            var all = limit * (_last - _first);
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{PerItem(_work):0.0} | {PerItem(_confirmation):0.0} | {PerItem(all - _work - _confirmation):0.0}");
        }
    }

    private double PerItem(long ticks) => Stopwatch.GetElapsedTime(0, ticks).TotalMilliseconds / Math.Max(_items, 1);
}
