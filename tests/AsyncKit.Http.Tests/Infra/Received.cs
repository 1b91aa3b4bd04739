namespace AsyncKit.Http.Tests;

/// <summary>Records the reports, and detects concurrent ones.</summary>
internal sealed class Received<T>(Action<T>? onReport = null) : IProgress<T>
{
    private readonly List<T> _all = [];
    private int _inside;

    public IReadOnlyList<T> All
    {
        get
        {
            lock (_all)
            {
                return [.. _all];
            }
        }
    }

    public bool WasConcurrent { get; private set; }

    public void Report(T value)
    {
        WasConcurrent |= Interlocked.Increment(ref _inside) != 1;
        lock (_all)
        {
            _all.Add(value);
        }

        onReport?.Invoke(value);
        _ = Interlocked.Decrement(ref _inside);
    }
}
