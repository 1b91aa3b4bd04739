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

    /// <summary>From 1 ms to 5 min, as calls over a network take. The default boundaries of collectors suit milliseconds: all
    /// values in seconds would fall into the first two buckets.</summary>
    private static readonly InstrumentAdvice<double> DurationAdvice = new()
    {
        HistogramBucketBoundaries =
            [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300],
    };

    /// <summary>Creates a histogram of durations in seconds.</summary>
    public static Histogram<double> CreateDuration(string name, string description) =>
        Meter.CreateHistogram(name, "s", description, tags: null, DurationAdvice);
}
