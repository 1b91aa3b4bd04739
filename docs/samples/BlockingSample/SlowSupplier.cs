namespace BlockingSample;

/// <summary>Stands in for a supplier with a synchronous client: a call blocks its thread until the supplier answers.</summary>
internal sealed class SlowSupplier : IDisposable
{
    private readonly ManualResetEventSlim _answer = new();
    private int _waiting;

    /// <summary>The number of calls that block a thread.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    public bool HasAnswered => _answer.IsSet;

    public string Order()
    {
        Interlocked.Increment(ref _waiting);
        _answer.Wait();
        return "ordered";
    }

    public void Answer() => _answer.Set();

    public void Dispose() => _answer.Dispose();
}
