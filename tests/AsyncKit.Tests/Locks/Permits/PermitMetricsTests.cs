using System.Diagnostics.Metrics;
using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>The instruments of the gate and of the pool.</summary>
public sealed class PermitMetricsTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public async Task A_gate_measures_active_leases_waiters_the_limit_and_wait_times()
    {
        using var measured = new Measurements("asynckit.gate.name", "measured");
        var time = new VirtualTime();
        var gate = new ConcurrencyGate(2) { Name = "measured", TimeProvider = time };
        var same = new ConcurrencyGate(3) { Name = "measured" };
        var (one, other) = (await gate.AcquireAsync(), await gate.AcquireAsync());
        var wait = gate.AcquireAsync().AsTask();

        measured.Collect();
        Assert.Equal((2, 1), (measured["asynckit.gate.active"], measured["asynckit.gate.waiting"]));
        Assert.Equal(5, measured["asynckit.gate.limit"]); // The sum of the gates with this name.
        time.Advance(TimeSpan.FromSeconds(3));
        one.Dispose();
        (await wait.OrHangs()).Dispose();
        other.Dispose();

        measured.Collect();
        Assert.Equal((0, 0), (measured["asynckit.gate.active"], measured["asynckit.gate.waiting"]));
        Assert.Equal(3, measured["asynckit.gate.wait.duration"]); // Only of callers that waited.
        GC.KeepAlive(same);
    }

    [Fact]
    public async Task A_pool_measures_rented_idle_created_and_disposed_items_and_waiters()
    {
        using var measured = new Measurements("asynckit.pool.name", "measured");
        await using var pool = new AsyncPool<object>(
            new() { MaxSize = 2, Create = _ => new(new object()), Name = "measured" });
        var (one, other) = (await pool.RentAsync(), await pool.RentAsync());
        var wait = pool.RentAsync().AsTask();

        measured.Collect();
        Assert.Equal((2, 0, 1, 2), Numbers());
        await one.DisposeAsync();
        await (await wait.OrHangs()).DisposeAsync();
        other.Discard();
        await other.DisposeAsync();

        measured.Collect();
        Assert.Equal((0, 1, 0, 2), Numbers());
        Assert.Equal((2, 1), (measured["asynckit.pool.created"], measured["asynckit.pool.disposed"]));

        (double, double, double, double) Numbers() => (
            measured["asynckit.pool.rented"],
            measured["asynckit.pool.idle"],
            measured["asynckit.pool.waiting"],
            measured["asynckit.pool.limit"]);
    }

    [Fact]
    public async Task A_listener_that_throws_loses_no_permit_and_no_waiter()
    {
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Name is "asynckit.gate.wait.duration")
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((_, _, tags, _) =>
        {
            if (tags is [{ Value: "faulty" }])
            {
                throw new FormatException("listener");
            }
        });
        listener.Start();
        var gate = new ConcurrencyGate(1) { Name = "faulty" };
        var lease = await gate.AcquireAsync();
        Task<Lease>[] waits = [gate.AcquireAsync().AsTask(), gate.AcquireAsync().AsTask()];

        gate.Limit = 3; // Grants both waiters.

        foreach (var acquired in await Task.WhenAll(waits).OrHangs())
        {
            acquired.Dispose();
        }

        lease.Dispose();
        Assert.Equal((0, 0), (gate.Active, gate.Waiting));
    }

    [Fact]
    public async Task A_disposed_pool_is_not_measured()
    {
        using var measured = new Measurements("asynckit.pool.name", "disposed");
        var pool = new AsyncPool<object>(new() { MaxSize = 2, Create = _ => new(new object()), Name = "disposed" });
        await pool.DisposeAsync();

        measured.Collect();

        Assert.Equal(0, measured["asynckit.pool.limit"]);
        GC.KeepAlive(pool);
    }

    private sealed class Measurements : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly Dictionary<string, double> _values = new(StringComparer.Ordinal);
        private readonly KeyValuePair<string, object?> _tag;

        public Measurements(string tag, string value)
        {
            _tag = new(tag, value);
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (string.Equals(instrument.Meter.Name, AsyncKitDiagnostics.MeterName, StringComparison.Ordinal))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<int>((instrument, number, tags, _) => Set(instrument, number, tags, adds: false));
            _listener.SetMeasurementEventCallback<long>((instrument, number, tags, _) => Set(instrument, number, tags, adds: true));
            _listener.SetMeasurementEventCallback<double>((instrument, number, tags, _) => Set(instrument, number, tags, adds: true));
            _listener.Start();
        }

        public double this[string instrument]
        {
            get
            {
                lock (_values)
                {
                    return _values.GetValueOrDefault(instrument);
                }
            }
        }

        public void Collect() => _listener.RecordObservableInstruments();

        public void Dispose() => _listener.Dispose();

        private void Set(Instrument instrument, double number, ReadOnlySpan<KeyValuePair<string, object?>> tags, bool adds)
        {
            if (tags.Length > 0 && (tags[0].Key, tags[0].Value).Equals((_tag.Key, _tag.Value)))
            {
                lock (_values)
                {
                    _values[instrument.Name] = number + (adds ? _values.GetValueOrDefault(instrument.Name) : 0);
                }
            }
        }
    }
}
