using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace AsyncKit;

/// <summary>The meter and the activity source of AsyncKit. Each feature defines its instruments in its own
/// class.</summary>
internal static class Telemetry
{
    private static readonly string? Version = typeof(Telemetry).Assembly.GetName().Version?.ToString(3);

    public static readonly Meter Meter = new(AsyncKitDiagnostics.MeterName, Version);

    public static readonly ActivitySource Spans = new(AsyncKitDiagnostics.ActivitySourceName, Version);
}
