namespace AsyncKit.RabbitMQ;

/// <summary>Provides the names of the meter and the activity source of AsyncKit.RabbitMQ.</summary>
/// <remarks>Nothing is measured without a listener. The page on scale-out lists the instruments.</remarks>
public static class RabbitDiagnostics
{
    /// <summary>The name of the meter of all instruments: "AsyncKit.RabbitMQ".</summary>
    public const string MeterName = "AsyncKit.RabbitMQ";

    /// <summary>The name of the source of all spans: "AsyncKit.RabbitMQ".</summary>
    public const string ActivitySourceName = "AsyncKit.RabbitMQ";
}
