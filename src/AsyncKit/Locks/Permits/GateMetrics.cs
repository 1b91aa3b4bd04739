using System.Diagnostics.Metrics;

namespace AsyncKit;

/// <summary>The instruments of the gates.</summary>
internal static class GateMetrics
{
    public static readonly Histogram<double> WaitDuration = Telemetry.CreateDuration(
        "asynckit.gate.wait.duration", "Time spent waiting for a permit of the gate.");

    public static readonly InstanceMetrics<ConcurrencyGate> Gates = new("asynckit.gate", static gate => gate.Name);

    static GateMetrics()
    {
        Gates.Observe("active", "{lease}", "Leases of the gate that are held.", static gate => gate.Active);
        Gates.Observe("waiting", "{waiter}", "Callers waiting for a permit of the gate.", static gate => gate.Waiting);
        Gates.Observe("limit", "{lease}", "Limit of the gate.", static gate => gate.Limit);
    }
}
