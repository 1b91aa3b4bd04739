using System.Diagnostics.Metrics;

namespace AsyncKit;

/// <summary>What is measured of deadlines and retries.</summary>
internal static class ResilienceTelemetry
{
    public static readonly Counter<long> Abandoned = Telemetry.Meter.CreateCounter<long>(
        "asynckit.deadline.abandoned", "{operation}", "Operations that ran on after nobody waited for them any more.");

    public static readonly Counter<long> Retries = Telemetry.Meter.CreateCounter<long>(
        "asynckit.retry.retries", "{retry}", "Attempts after the first.");
}
