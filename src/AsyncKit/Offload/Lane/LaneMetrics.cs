using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace AsyncKit;

/// <summary>
/// The lanes' instruments. The counts are asked for when somebody collects; work pays for a reading of the clock only
/// while somebody listens to the waits.
/// </summary>
internal static class LaneMetrics
{
    private const string LaneTag = "asynckit.lane.name";

    private static readonly ConditionalWeakTable<LaneEngine, object?> Lanes = [];

    private static readonly Histogram<double> QueueWait = Telemetry.Meter.CreateHistogram<double>(
        "asynckit.lane.queue.wait", "s", "How long work waited for a thread of the lane.");

    private static readonly Counter<long> Abandoned = Telemetry.Meter.CreateCounter<long>(
        "asynckit.lane.abandoned", "{item}", "Work whose caller has left while it ran.");

    private static readonly Counter<long> Rejected = Telemetry.Meter.CreateCounter<long>(
        "asynckit.lane.rejected", "{item}", "Work that a full lane has refused.");

    static LaneMetrics()
    {
        Observe("asynckit.lane.threads", "{thread}", "Threads of the lane.", static lane => lane.Threads);
        Observe("asynckit.lane.active", "{item}", "Work that has a thread of the lane.", static lane => lane.Active);
        Observe("asynckit.lane.queue.length", "{item}", "Work that waits for a thread.", static lane => lane.Queued);
    }

    public static void Add(LaneEngine lane) => Lanes.Add(lane, null);

    public static void Remove(LaneEngine lane) => Lanes.Remove(lane);

    public static void CountAbandoned(LaneEngine lane) => Abandoned.Add(1, Tag(lane));

    public static void CountRejected(LaneEngine lane) => Rejected.Add(1, Tag(lane));

    /// <returns>Zero while nobody listens.</returns>
    public static long Now(LaneEngine lane) => QueueWait.Enabled ? lane.Clock.GetTimestamp() : 0;

    public static void Waited(LaneEngine lane, long since)
    {
        if (since == 0)
        {
            return;
        }

        try
        {
            QueueWait.Record(lane.Clock.GetElapsedTime(since).TotalSeconds, Tag(lane));
        }
        catch (Exception)
        {
            // A clock or a listener that throws. The work must not suffer, and the lane's thread even less.
        }
    }

    private static KeyValuePair<string, object?> Tag(LaneEngine lane) => new(LaneTag, lane.Options.Name);

    /// <summary>Lanes of one name are told as one.</summary>
    private static void Observe(string name, string unit, string what, Func<LaneEngine, int> value) =>
        Telemetry.Meter.CreateObservableUpDownCounter(
            name,
            () => Lanes.GroupBy(static lane => lane.Key.Options.Name, StringComparer.Ordinal).Select(lanes =>
                new Measurement<int>(
                    lanes.Sum(lane => value(lane.Key)), new KeyValuePair<string, object?>(LaneTag, lanes.Key))),
            unit,
            what);
}
