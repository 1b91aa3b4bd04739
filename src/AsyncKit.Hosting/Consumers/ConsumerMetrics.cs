using System.Diagnostics.Metrics;

namespace AsyncKit.Hosting;

/// <summary>The instruments of the consumers of one container, on a meter from its <see cref="IMeterFactory"/>.</summary>
/// <remarks>Lifetime: that of the container, whose factory disposes the meter. The consumers count anyway, and a listener reads
/// their counts on collection. So nothing is measured without a listener, and one that is attached late misses nothing.</remarks>
internal sealed class ConsumerMetrics
{
    private const string NameTag = "asynckit.consumer.name";
    private const string OutcomeTag = "asynckit.outcome";

    private readonly Lock _lock = new();
    private readonly List<FanOutConsumer> _consumers = [];

    /// <param name="meters">Null for a container without metrics.</param>
    public ConsumerMetrics(IMeterFactory? meters)
    {
        if (meters?.Create(new MeterOptions(AsyncKitDiagnostics.MeterName)
        {
            Version = typeof(ConsumerMetrics).Assembly.GetName().Version?.ToString(3),
        }) is not { } meter)
        {
            return;
        }

        meter.CreateObservableUpDownCounter(
            "asynckit.consumer.active",
            () => Consumers().Select(static one => Measure((long)one.Active, one)),
            "{item}",
            "Items that the consumer is handling.");
        meter.CreateObservableCounter(
            "asynckit.consumer.items",
            () => Consumers().SelectMany(Outcomes),
            "{item}",
            "Items that the consumer completed, by outcome.");
        meter.CreateObservableCounter(
            "asynckit.consumer.restarts",
            () => Consumers().Select(static one => Measure(one.Restarts, one)),
            "{restart}",
            "Restarts of the consumer after a failure of its source.");
    }

    public void Add(FanOutConsumer consumer)
    {
        lock (_lock)
        {
            _consumers.Add(consumer);
        }
    }

    private static Measurement<long>[] Outcomes(FanOutConsumer consumer) =>
    [
        Measure(consumer.Succeeded, consumer, "succeeded"),
        Measure(consumer.Failed, consumer, "failed"),
        Measure(consumer.Cancelled, consumer, "cancelled"),
    ];

    private static Measurement<long> Measure(long value, FanOutConsumer consumer, string? outcome = null) => outcome is null
        ? new(value, new KeyValuePair<string, object?>(NameTag, consumer.Name))
        : new(value, new(NameTag, consumer.Name), new KeyValuePair<string, object?>(OutcomeTag, outcome));

    private FanOutConsumer[] Consumers()
    {
        lock (_lock)
        {
            return [.. _consumers];
        }
    }
}
