namespace AsyncKit.Benchmarks;

/// <summary> Lets the thread pool grow as in a service, for benchmarks of blocking calls. Other benchmarks run with one
/// thread per core.
/// </summary>
internal sealed class PoolLimit : IDisposable
{
    private const int MostByDefault = 32_767;

    private readonly int _workers;
    private readonly int _ports;

    private PoolLimit()
    {
        ThreadPool.GetMaxThreads(out _workers, out _ports);
        ThreadPool.SetMaxThreads(MostByDefault, _ports);
    }

    public static PoolLimit Lift() => new();

    public void Dispose() => ThreadPool.SetMaxThreads(_workers, _ports);
}
