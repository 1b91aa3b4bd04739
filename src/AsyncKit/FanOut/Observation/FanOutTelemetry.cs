using System.Diagnostics.Metrics;

namespace AsyncKit;

/// <summary>What is measured of fan-outs. Tags: <c>asynckit.name</c>, if the options have one, and
/// <c>asynckit.outcome</c>.</summary>
internal static class FanOutTelemetry
{
    public const string NameTag = "asynckit.name";
    public const string OutcomeTag = "asynckit.outcome";
    public const string IndexTag = "asynckit.index";
    public const string AttemptsTag = "asynckit.attempts";
    public const string LimitTag = "asynckit.max_concurrency";
    public const string RunSpan = "asynckit.fanout";
    public const string ItemSpan = "asynckit.fanout.item";

    public static readonly UpDownCounter<long> ActiveRuns = Telemetry.Meter.CreateUpDownCounter<long>(
        "asynckit.fanout.runs.active", "{run}", "Fan-outs that run.");

    public static readonly UpDownCounter<long> Active = Telemetry.Meter.CreateUpDownCounter<long>(
        "asynckit.fanout.active", "{item}", "Items whose operation runs.");

    public static readonly Counter<long> Items = Telemetry.Meter.CreateCounter<long>(
        "asynckit.fanout.items", "{item}", "Items that have ended, by outcome.");

    public static readonly Counter<long> Retries = Telemetry.Meter.CreateCounter<long>(
        "asynckit.fanout.retries", "{retry}", "Calls of an item's operation after the first.");

    public static readonly Histogram<double> ItemDuration = Telemetry.Meter.CreateHistogram<double>(
        "asynckit.fanout.item.duration", "s", "From the first call of an item's operation to its end, by outcome.");

    public static readonly Histogram<double> ItemWait = Telemetry.Meter.CreateHistogram<double>(
        "asynckit.fanout.item.wait.duration", "s", "How long an item that had a slot waited for its start.");

    public static bool IsEnabled =>
        ActiveRuns.Enabled || Active.Enabled || Items.Enabled || Retries.Enabled || ItemDuration.Enabled
        || ItemWait.Enabled;
}
