using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace AsyncKit;

/// <summary>The instruments of the pools.</summary>
internal static class PoolMetrics
{
    public static readonly Histogram<double> WaitDuration = Telemetry.CreateDuration(
        "asynckit.pool.wait.duration", "Time spent waiting for a permit of the pool.");

    public static readonly InstanceMetrics<IMeasuredPool> Pools = new("asynckit.pool", static pool => pool.Name);

    private static readonly Counter<long> Created = Telemetry.Meter.CreateCounter<long>(
        "asynckit.pool.created", "{item}", "Items created by the pool.");

    private static readonly Counter<long> Disposed = Telemetry.Meter.CreateCounter<long>(
        "asynckit.pool.disposed", "{item}", "Items disposed by the pool, by reason.");

    static PoolMetrics()
    {
        Pools.Observe("rented", "{item}", "Permits of the pool that are held.", static pool => pool.Rented);
        Pools.Observe("idle", "{item}", "Idle items of the pool.", static pool => pool.Idle);
        Pools.Observe("waiting", "{waiter}", "Callers waiting for a permit of the pool.", static pool => pool.Waiting);
        Pools.Observe("limit", "{item}", "Maximum size of the pool.", static pool => pool.MaxSize);
    }

    public static void CountCreated(IMeasuredPool pool) => Count(Created, Pools.TagsOf(pool));

    public static void CountDisposed(IMeasuredPool pool, string reason)
    {
        var tags = Pools.TagsOf(pool);
        tags.Add("asynckit.pool.reason", reason);
        Count(Disposed, tags);
    }

    private static void Count(Counter<long> counter, in TagList tags)
    {
        try
        {
            counter.Add(1, tags);
        }
        catch (Exception)
        {
            // A listener that throws must lose neither an item nor a permit.
        }
    }
}
