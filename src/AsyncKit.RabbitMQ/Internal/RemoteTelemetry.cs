using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace AsyncKit.RabbitMQ;

/// <summary>The instruments and spans of remote operations. Tags: the operation, and the outcome of
/// durations.</summary>
internal static class RemoteTelemetry
{
    public const string CallSpan = "asynckit.remote.call";
    public const string ServeSpan = "asynckit.remote.serve";
    public const string OperationTag = "asynckit.operation";
    public const string OutcomeTag = "asynckit.outcome";

    private static readonly string? Version = typeof(RemoteTelemetry).Assembly.GetName().Version?.ToString(3);

    private static readonly Meter Meter = new(RabbitDiagnostics.MeterName, Version);

    private static readonly InstrumentAdvice<double> Durations = new()
    {
        HistogramBucketBoundaries =
            [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
    };

    public static readonly ActivitySource Spans = new(RabbitDiagnostics.ActivitySourceName, Version);

    public static readonly UpDownCounter<long> ActiveCalls = Meter.CreateUpDownCounter<long>(
        "asynckit.remote.calls.active", "{item}", "Items that wait for the reply of a worker.");

    public static readonly Histogram<double> CallDuration = Meter.CreateHistogram(
        "asynckit.remote.call.duration", "s", "Time from a call to its reply, by outcome.", advice: Durations);

    public static readonly UpDownCounter<long> ActiveItems = Meter.CreateUpDownCounter<long>(
        "asynckit.remote.serve.active", "{item}", "Items that a worker runs.");

    public static readonly Histogram<double> ServeDuration = Meter.CreateHistogram(
        "asynckit.remote.serve.duration", "s", "Time from the start of an item to its reply, by outcome.",
        advice: Durations);

    public static readonly Counter<long> Reconnects = Count("reconnects", "{connection}", "Replaced connections.");

    public static readonly Counter<long> Republished =
        Count("republished", "{item}", "Items that were published again after a lost connection.");

    public static readonly Counter<long> Redelivered =
        Count("redelivered", "{item}", "Deliveries of items that were delivered before.");

    public static readonly Counter<long> DuplicateReplies =
        Count("replies.duplicate", "{reply}", "Replies to items that had their result or were cancelled.");

    public static readonly Counter<long> UnroutableReplies =
        Count("replies.unroutable", "{reply}", "Replies to clients that are gone.");

    public static readonly Counter<long> Dead = Count("dead", "{item}", "Items that went to a dead-letter queue.");

    public static readonly Counter<long> Cancelled =
        Count("cancelled", "{item}", "Items that a worker cancelled or skipped for their caller.");

    public static void Add(this Counter<long> counter, string operation) =>
        counter.Add(1, new KeyValuePair<string, object?>(OperationTag, operation));

    private static Counter<long> Count(string name, string unit, string description) =>
        Meter.CreateCounter<long>($"asynckit.remote.{name}", unit, description);
}
