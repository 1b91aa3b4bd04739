namespace OrderWorker;

/// <summary>Counts the stored orders.</summary>
internal sealed class OrderCount
{
    private int _value;

    public int Value => Volatile.Read(ref _value);

    public void Increment() => Interlocked.Increment(ref _value);
}
