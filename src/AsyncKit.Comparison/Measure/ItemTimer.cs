using System.Diagnostics;

namespace AsyncKit.Comparison;

/// <summary>Measures one item, from its construction to <see cref="Dispose"/>.</summary>
internal sealed class ItemTimer : IDisposable
{
    private readonly long _startedAt;
    private ItemTimes? _times;

    public ItemTimer(ItemTimes times)
    {
        _times = times;
        times.Enter();
        _startedAt = Stopwatch.GetTimestamp();
    }

    public void Dispose() => Interlocked.Exchange(ref _times, null)?.Exit(_startedAt);
}
