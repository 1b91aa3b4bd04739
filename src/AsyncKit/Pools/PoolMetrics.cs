using System.Diagnostics.Metrics;

namespace AsyncKit;

/// <summary>What pools measure.</summary>
internal static class PoolMetrics
{
    public static readonly Histogram<double> WaitDuration = Telemetry.Meter.CreateHistogram<double>(
        "asynckit.pool.wait.duration", "s", "How long those waited who had to wait for a place in a pool.");

    private static readonly Counter<long> Created = Telemetry.Meter.CreateCounter<long>(
        "asynckit.pool.created", "{item}", "Items that were created.");

    private static readonly Counter<long> Disposed = Telemetry.Meter.CreateCounter<long>(
        "asynckit.pool.disposed", "{item}", "Items that were disposed of, by reason.");

    private static readonly LiveInstances<IMeasuredPool> Pools = new("asynckit.pool.name", pool => pool.Name);

    static PoolMetrics()
    {
        _ = Telemetry.Meter.CreateObservableUpDownCounter(
            "asynckit.pool.rented", () => Pools.Sums(pool => pool.Rented), "{item}", "Places that are rented.");
        _ = Telemetry.Meter.CreateObservableUpDownCounter(
            "asynckit.pool.idle", () => Pools.Sums(pool => pool.Idle), "{item}", "Items that wait to be rented.");
        _ = Telemetry.Meter.CreateObservableUpDownCounter(
            "asynckit.pool.waiting", () => Pools.Sums(pool => pool.Waiting), "{waiter}", "Who waits for a place.");
        _ = Telemetry.Meter.CreateObservableUpDownCounter(
            "asynckit.pool.limit", () => Pools.Sums(pool => pool.MaxSize), "{item}", "The most items.");
    }

    public static void Add(IMeasuredPool pool) => Pools.Add(pool);

    public static void Waited(IMeasuredPool pool, TimeSpan time) =>
        WaitDuration.Record(time.TotalSeconds, Pools.TagsOf(pool.Name));

    public static void CreatedIn(IMeasuredPool pool)
    {
        if (Created.Enabled)
        {
            Created.Add(1, Pools.TagsOf(pool.Name));
        }
    }

    public static void DisposedIn(IMeasuredPool pool, string reason)
    {
        if (Disposed.Enabled)
        {
            Disposed.Add(1, [.. Pools.TagsOf(pool.Name), new("asynckit.pool.reason", reason)]);
        }
    }
}
