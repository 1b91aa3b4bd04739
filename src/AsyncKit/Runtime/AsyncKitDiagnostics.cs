namespace AsyncKit;

/// <summary>Provides the names of the meter and the activity source of AsyncKit.</summary>
/// <remarks>
/// Nothing is measured without a listener. The page on diagnostics lists the instruments.
/// </remarks>
public static class AsyncKitDiagnostics
{
    /// <summary>The name of the meter of all instruments: "AsyncKit".</summary>
    public const string MeterName = "AsyncKit";

    /// <summary>The name of the source of all spans: "AsyncKit".</summary>
    public const string ActivitySourceName = "AsyncKit";
}
