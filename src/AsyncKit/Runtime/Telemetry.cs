using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace AsyncKit;

/// <summary>The meter and the source of spans. Each capability has its instruments in a class of its own.</summary>
internal static class Telemetry
{
    private static readonly string? Version = typeof(Telemetry).Assembly.GetName().Version?.ToString(3);

    public static readonly Meter Meter = new(AsyncKitDiagnostics.MeterName, Version);

    public static readonly ActivitySource Spans = new(AsyncKitDiagnostics.ActivitySourceName, Version);
}
