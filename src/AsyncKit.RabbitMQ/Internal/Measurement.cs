using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace AsyncKit.RabbitMQ;

/// <summary>Measures one item of a client or a worker. Disposing it records the outcome; the default is a
/// cancellation.</summary>
internal sealed class Measurement : IDisposable
{
    private readonly KeyValuePair<string, object?> _operation;
    private readonly UpDownCounter<long> _active;
    private readonly Histogram<double> _duration;
    private readonly Activity? _span;
    private readonly TimeProvider _clock;
    private readonly long _start;
    private readonly bool _isCounted;
    private string _outcome = "cancelled";

    public Measurement(
        string operation, UpDownCounter<long> active, Histogram<double> duration, Activity? span, TimeProvider clock)
    {
        _operation = new(RemoteTelemetry.OperationTag, operation);
        _active = active;
        _duration = duration;
        _span = span;
        _clock = clock;
        _start = duration.Enabled ? clock.GetTimestamp() : 0;
        _isCounted = active.Enabled;
        if (_isCounted)
        {
            active.Add(1, _operation);
        }

        span?.SetTag(RemoteTelemetry.OperationTag, operation);
    }

    public void Succeed() => _outcome = "succeeded";

    public void Cancel() => _outcome = "cancelled";

    public void Fail(Exception exception)
    {
        _outcome = "failed";
        _span?.SetStatus(ActivityStatusCode.Error, exception.GetType().FullName);
    }

    public void Dispose()
    {
        if (_isCounted)
        {
            _active.Add(-1, _operation);
        }

        if (_start != 0)
        {
            _duration.Record(
                _clock.GetElapsedTime(_start).TotalSeconds, _operation, new(RemoteTelemetry.OutcomeTag, _outcome));
        }

        _span?.SetTag(RemoteTelemetry.OutcomeTag, _outcome);
    }
}
