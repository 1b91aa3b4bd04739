using System.Diagnostics;
using System.Diagnostics.Metrics;
using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>What the gate and the pool measure, and who is named for a lease that was disposed twice or never.</summary>
public sealed class ResourceDiagnosticsTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public async Task A_gate_measures_active_waiting_limit_and_how_long_it_was_waited()
    {
        using var seen = new Seen("asynckit.gate.name", "measured");
        var time = new VirtualTime();
        var gate = new ConcurrencyGate(2) { Name = "measured", TimeProvider = time };
        var same = new ConcurrencyGate(3) { Name = "measured" };
        var (one, other) = (await gate.AcquireAsync(), await gate.AcquireAsync());
        var wait = gate.AcquireAsync().AsTask();

        seen.Collect();
        Assert.Equal(
            (2, 1, 5), (seen["asynckit.gate.active"], seen["asynckit.gate.waiting"], seen["asynckit.gate.limit"]));
        time.Advance(TimeSpan.FromSeconds(3));
        one.Dispose();
        (await wait.OrHangs()).Dispose();
        other.Dispose();

        seen.Collect();
        Assert.Equal((0, 0), (seen["asynckit.gate.active"], seen["asynckit.gate.waiting"]));
        Assert.Equal(3, seen["asynckit.gate.wait.duration"]); // Only of who had to wait.
        GC.KeepAlive(same);
    }

    [Fact]
    public async Task A_pool_measures_rented_idle_waiting_created_and_disposed()
    {
        using var seen = new Seen("asynckit.pool.name", "measured");
        await using var pool = new AsyncPool<object>(
            new() { MaxSize = 2, Create = _ => new(new object()), Name = "measured" });
        var (one, other) = (await pool.RentAsync(), await pool.RentAsync());
        var wait = pool.RentAsync().AsTask();

        seen.Collect();
        Assert.Equal((2, 0, 1, 2), Numbers());
        await one.DisposeAsync();
        await (await wait.OrHangs()).DisposeAsync();
        other.Discard();
        await other.DisposeAsync();

        seen.Collect();
        Assert.Equal((0, 1, 0, 2), Numbers());
        Assert.Equal((2, 1), (seen["asynckit.pool.created"], seen["asynckit.pool.disposed"]));

        (double, double, double, double) Numbers() => (
            seen["asynckit.pool.rented"],
            seen["asynckit.pool.idle"],
            seen["asynckit.pool.waiting"],
            seen["asynckit.pool.limit"]);
    }

#if DEBUG
    [Fact]
    public async Task Traced_it_names_the_holder_and_who_disposed_twice_or_never()
    {
        using var warnings = new Warnings();
        LeaseTrace.IsOn = true;
        try
        {
            var (gate, single) = (new ConcurrencyGate(2), new AsyncLock());
            var lease = await HoldAsync(gate);
            var held = await HoldLockAsync(single);
            Assert.Contains("held by", gate.ToString(), StringComparison.Ordinal);
            Assert.Contains(nameof(HoldAsync), gate.ToString(), StringComparison.Ordinal);
            Assert.Contains(nameof(HoldLockAsync), single.ToString(), StringComparison.Ordinal);
            var waiting = HoldLockAsync(single);
            held.Dispose();
            (await waiting.OrHangs()).Dispose();
            Assert.Empty(warnings.All);
            held.Dispose();
            Assert.Contains("AsyncLock was disposed again", Assert.Single(warnings.All), StringComparison.Ordinal);
            Assert.Contains(nameof(Traced_it_names_the_holder_and_who_disposed_twice_or_never), warnings.All[0], StringComparison.Ordinal);
            lease.Dispose();
            Assert.Equal("ConcurrencyGate: 0 of 2 active", gate.ToString());

            Forget();
            GC.Collect();
            GC.WaitForPendingFinalizers();
            var never = Assert.Single(warnings.All, one => one.Contains("never disposed", StringComparison.Ordinal));
            Assert.Contains(nameof(Forget), never, StringComparison.Ordinal);
        }
        finally
        {
            LeaseTrace.IsOn = false;
        }

        static async Task<Lease> HoldAsync(ConcurrencyGate gate) => await gate.AcquireAsync();

        static async Task<Lease> HoldLockAsync(AsyncLock one) => await one.AcquireAsync();

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Forget() => new ConcurrencyGate(1).TryAcquire(out _);
    }
#endif

    private sealed class Seen : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly Dictionary<string, double> _values = new(StringComparer.Ordinal);
        private readonly KeyValuePair<string, object?> _tag;

        public Seen(string tag, string value)
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

#if DEBUG
    private sealed class Warnings : TraceListener
    {
        private readonly List<string> _all = [];

        public Warnings() => Trace.Listeners.Add(this);

        public List<string> All
        {
            get
            {
                lock (_all)
                {
                    return [.. _all];
                }
            }
        }

        public override void Write(string? message)
        {
        }

        public override void WriteLine(string? message)
        {
            lock (_all)
            {
                _all.Add(message ?? "");
            }
        }

        protected override void Dispose(bool disposing)
        {
            Trace.Listeners.Remove(this);
            base.Dispose(disposing);
        }
    }
#endif
}
