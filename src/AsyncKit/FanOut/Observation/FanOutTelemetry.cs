using System.Diagnostics.Metrics;

namespace AsyncKit;

/// <summary>The metrics and the names of the spans of fan-outs. Every metric has the tag <c>asynckit.name</c> if the
/// options contain a name.</summary>
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
        "asynckit.fanout.runs.active", "{run}", "Fan-outs in progress.");

    public static readonly UpDownCounter<long> Active = Telemetry.Meter.CreateUpDownCounter<long>(
        "asynckit.fanout.active", "{item}", "Items in progress.");

    public static readonly Counter<long> Items = Telemetry.Meter.CreateCounter<long>(
        "asynckit.fanout.items", "{item}", "Completed items, by outcome.");

    public static readonly Counter<long> Retries = Telemetry.Meter.CreateCounter<long>(
        "asynckit.fanout.retries", "{retry}", "Attempts after the first attempt of an item.");

    public static readonly Histogram<double> ItemDuration = Telemetry.CreateDuration(
        "asynckit.fanout.item.duration", "Time from the first attempt of an item to its completion, by outcome.");

    public static readonly Histogram<double> ItemWait = Telemetry.CreateDuration(
        "asynckit.fanout.item.wait.duration", "Time from the slot of an item to its first attempt.");

    public static bool IsEnabled =>
        ActiveRuns.Enabled || Active.Enabled || Items.Enabled || Retries.Enabled || ItemDuration.Enabled
        || ItemWait.Enabled;
}
