namespace AsyncKit;

/// <summary>The names under which AsyncKit measures and traces, for whoever collects.</summary>
/// <remarks>
/// Nothing is measured while nobody listens. The instruments are listed on the page on diagnostics.
/// </remarks>
public static class AsyncKitDiagnostics
{
    /// <summary>The meter of all instruments: "AsyncKit".</summary>
    public const string MeterName = "AsyncKit";

    /// <summary>The source of all spans: "AsyncKit".</summary>
    public const string ActivitySourceName = "AsyncKit";
}
