namespace AsyncKit.Benchmarks;

/// <summary>Stands in for a remote service, in this process: a delay for each call, and some calls that fail.</summary>
internal sealed class Backend(TimeSpan latency)
{
    private const int FailEvery = 20;
    private const int FirstFailure = 7;

    private int _running;
    private int _started;

    public int Running => Volatile.Read(ref _running);

    public int Started => Volatile.Read(ref _started);

    public static int FailuresOf(int items) => Enumerable.Range(0, items).Count(Fails);

    public async Task<int> CallAsync(int id, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _started);
        Interlocked.Increment(ref _running);
        try
        {
            await Task.Delay(latency, cancellationToken);
            return id * 2;
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    /// <summary>The same, but one call of 20 fails, the first of them early.</summary>
    public async Task<int> CallOrFailAsync(int id, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _started);
        Interlocked.Increment(ref _running);
        try
        {
            await Task.Delay(id == FirstFailure ? latency / 5 : latency, cancellationToken);
            return Fails(id) ? throw new InvalidDataException($"Order {id} does not exist.") : id * 2;
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    private static bool Fails(int id) => id % FailEvery == FirstFailure;
}
