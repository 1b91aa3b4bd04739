namespace AsyncKit.Http.Tests;

/// <summary>Keeps what it is told, and fails if it is told two things at once.</summary>
internal sealed class Received<T>(Action<T>? also = null) : IProgress<T>
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

        also?.Invoke(value);
        _ = Interlocked.Decrement(ref _inside);
    }
}
