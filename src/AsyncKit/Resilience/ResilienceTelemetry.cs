using System.Diagnostics.Metrics;

namespace AsyncKit;

/// <summary>The instruments of deadlines and retries.</summary>
internal static class ResilienceTelemetry
{
    public static readonly Counter<long> Abandoned = Telemetry.Meter.CreateCounter<long>(
        "asynckit.deadline.abandoned", "{operation}", "Operations that kept running after their caller stopped waiting.");

    public static readonly Counter<long> Retries = Telemetry.Meter.CreateCounter<long>(
        "asynckit.retry.retries", "{retry}", "Attempts after the first one.");
}
