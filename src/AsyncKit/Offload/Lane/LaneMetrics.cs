using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <summary>The instruments of the lanes. Counts are read when a listener collects them. A call reads the clock only
/// while a listener measures the waits.</summary>
internal static class LaneMetrics
{
    private const string LaneTag = "asynckit.lane.name";

    private static readonly ConditionalWeakTable<LaneEngine, object?> Lanes = [];

    private static readonly Histogram<double> QueueWait = Telemetry.CreateDuration(
        "asynckit.lane.wait.duration", "Time spent waiting for a thread of the lane.");

    private static readonly Counter<long> Abandoned = Telemetry.Meter.CreateCounter<long>(
        "asynckit.lane.abandoned", "{item}", "Work items abandoned by their caller while running.");

    private static readonly Counter<long> Rejected = Telemetry.Meter.CreateCounter<long>(
        "asynckit.lane.rejected", "{item}", "Work items rejected by a full lane.");

    static LaneMetrics()
    {
        Observe("asynckit.lane.threads", "{thread}", "Threads, busy or idle.", static lane => lane.Threads);
        Observe("asynckit.lane.active", "{item}", "Work items that have a thread.", static lane => lane.Active);
        Observe("asynckit.lane.queue.length", "{item}", "Work items waiting for a thread.", static lane => lane.Queued);
    }

    public static void Add(LaneEngine lane) => Lanes.Add(lane, null);

    public static void Remove(LaneEngine lane) => Lanes.Remove(lane);

    public static void CountAbandoned(LaneEngine lane) => Count(Abandoned, lane);

    public static void CountRejected(LaneEngine lane) => Count(Rejected, lane);

    /// <returns>The current timestamp; zero while no listener measures the waits.</returns>
    public static long Now(LaneEngine lane) => QueueWait.Enabled ? lane.Clock.GetTimestamp() : 0;

    public static void Waited(LaneEngine lane, long since)
    {
        if (since == 0)
        {
            return;
        }

        try
        {
            QueueWait.Record(lane.Clock.GetElapsedTime(since).TotalSeconds, Tag(lane.Options.Name));
        }
        catch (Exception)
        {
            // A clock or a listener that throws must fail neither the work nor the lane's thread.
        }
    }

    private static void Count(Counter<long> counter, LaneEngine lane)
    {
        try
        {
            counter.Add(1, Tag(lane.Options.Name));
        }
        catch (Exception)
        {
            // A listener that throws must not keep the caller from its result.
        }
    }

    private static KeyValuePair<string, object?> Tag(string name) => new(LaneTag, name);

    /// <summary>Reports lanes of the same name as one series.</summary>
    private static void Observe(string name, string unit, string description, Func<LaneEngine, int> value) =>
        Telemetry.Meter.CreateObservableUpDownCounter(
            name,
            () => Lanes
                .Select(static lane => lane.Key)
                .GroupBy(static lane => lane.Options.Name, StringComparer.Ordinal)
                .Select(lanes => new Measurement<int>(lanes.Sum(value), Tag(lanes.Key))),
            unit,
            description);
}
