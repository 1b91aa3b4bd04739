using System.Diagnostics.Metrics;

namespace AsyncKit;

/// <summary>What gates measure.</summary>
internal static class GateMetrics
{
    public static readonly Histogram<double> WaitDuration = Telemetry.Meter.CreateHistogram<double>(
        "asynckit.gate.wait.duration", "s", "How long those waited who had to wait for a gate.");

    private static readonly LiveInstances<ConcurrencyGate> Gates = new("asynckit.gate.name", gate => gate.Name);

    static GateMetrics()
    {
        _ = Telemetry.Meter.CreateObservableUpDownCounter(
            "asynckit.gate.active", () => Gates.Sums(gate => gate.Active), "{lease}", "Leases that are held.");
        _ = Telemetry.Meter.CreateObservableUpDownCounter(
            "asynckit.gate.waiting", () => Gates.Sums(gate => gate.Waiting), "{waiter}", "Who waits at a gate.");
        _ = Telemetry.Meter.CreateObservableUpDownCounter(
            "asynckit.gate.limit", () => Gates.Sums(gate => gate.Limit), "{lease}", "The most leases at once.");
    }

    public static void Add(ConcurrencyGate gate) => Gates.Add(gate);

    public static void Waited(ConcurrencyGate gate, TimeSpan time) =>
        WaitDuration.Record(time.TotalSeconds, Gates.TagsOf(gate.Name));
}
