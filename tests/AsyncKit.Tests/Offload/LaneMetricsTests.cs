using System.Diagnostics.Metrics;
using AsyncKit.Testing;

namespace AsyncKit.Tests;

public sealed class LaneMetricsTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public async Task Threads_active_and_queue_length_are_reported_per_name_until_disposal()
    {
        using var listener = new Listener();
        using var gate = new BlockingGate();
        var lane = Named("metrics");
        var same = Named("metrics");
        var all = Enumerable.Range(0, 3).Select(_ => lane.RunAsync(() => gate.Pass())).ToList();
        await gate.ArrivedAsync(1);

        Assert.Equal(1, listener.Collect("asynckit.lane.threads", "metrics"));
        Assert.Equal(1, listener.Collect("asynckit.lane.active", "metrics"));
        Assert.Equal(2, listener.Collect("asynckit.lane.queue.length", "metrics"));
        all.Add(same.RunAsync(() => gate.Pass()));
        await gate.ArrivedAsync(2);
        Assert.Equal(2, listener.Collect("asynckit.lane.threads", "metrics"));

        gate.Open();
        await Task.WhenAll(all).OrHangs();
        Assert.Equal(0, listener.Collect("asynckit.lane.active", "metrics"));
        await lane.DisposeAsync();
        await same.DisposeAsync();
        Assert.Null(listener.Collect("asynckit.lane.threads", "metrics"));
    }

    [Fact]
    public async Task The_wait_for_a_thread_is_measured_with_the_lanes_clock()
    {
        var time = new VirtualTime();
        using var listener = new Listener();
        using var gate = new BlockingGate();
        await using var lane = new BlockingLane(new BlockingLaneOptions
        {
            Name = "waits",
            MaxThreads = 1,
            TimeProvider = time,
            IdleTimeout = Timeout.InfiniteTimeSpan,
        });
        time.Advance(TimeSpan.FromSeconds(1));
        var first = lane.RunAsync(() => gate.Pass());
        await gate.ArrivedAsync(1);
        var second = lane.RunAsync(() => { });
        time.Advance(TimeSpan.FromSeconds(3));
        gate.Open();
        await Task.WhenAll(first, second).OrHangs();

        Assert.Equal([0.0, 3.0], listener.Values("asynckit.lane.wait.duration", "waits"));
    }

    [Fact]
    public async Task Abandoned_and_rejected_work_is_counted()
    {
        using var listener = new Listener();
        using var gate = new BlockingGate();
        using var source = new CancellationTokenSource();
        await using var lane = new BlockingLane(new BlockingLaneOptions
        {
            Name = "counts",
            MaxThreads = 1,
            MaxQueued = 0,
            WhenFull = WhenFull.Reject,
        });
        var abandoned = lane.RunAsync(() => gate.Pass(CancellationToken.None), OnCancel.Abandon, source.Token);
        await gate.ArrivedAsync(1);
        await Assert.ThrowsAsync<BlockingLaneFullException>(() => lane.RunAsync(() => { })).OrHangs();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => abandoned).OrHangs();
        gate.Open();

        Assert.Equal([1.0], listener.Values("asynckit.lane.abandoned", "counts"));
        Assert.Equal([1.0], listener.Values("asynckit.lane.rejected", "counts"));
    }

    [Fact]
    public async Task A_listener_that_throws_does_not_fail_the_work()
    {
        using var listener = new Listener { Throws = true };
        await using var lane = Named("throws");

        Assert.Equal(1, await lane.RunAsync(() => 1).OrHangs());
        Assert.Equal(2, await lane.RunAsync(() => 2).OrHangs());
    }

    [Fact]
    public async Task A_listener_that_throws_keeps_no_caller_of_abandoned_or_rejected_work_waiting()
    {
        using var listener = new Listener { Throws = true };
        await using var lane = new BlockingLane(new BlockingLaneOptions
        {
            Name = "throws",
            MaxThreads = 1,
            MaxQueued = 0,
            WhenFull = WhenFull.Reject,
        });
        using var gate = new BlockingGate(); // Opened before the lane is disposed.
        using var source = new CancellationTokenSource();
        var abandoned = lane.RunAsync(() => gate.Pass(CancellationToken.None), OnCancel.Abandon, source.Token);
        await gate.ArrivedAsync(1);

        await Assert.ThrowsAsync<BlockingLaneFullException>(() => lane.RunAsync(() => { })).OrHangs();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => abandoned).OrHangs();
    }

    private static BlockingLane Named(string name) => new(new BlockingLaneOptions { Name = name, MaxThreads = 1 });

    private sealed class Listener : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly List<(string Instrument, string? Lane, double Value)> _all = [];

        public Listener()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (string.Equals(instrument.Meter.Name, AsyncKitDiagnostics.MeterName, StringComparison.Ordinal))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.Start();
        }

        public bool Throws { get; init; }

        public double? Collect(string instrument, string lane)
        {
            lock (_all)
            {
                _all.RemoveAll(one => string.Equals(one.Instrument, instrument, StringComparison.Ordinal));
            }

            _listener.RecordObservableInstruments();
            return Values(instrument, lane) is [var value] ? value : null;
        }

        public IReadOnlyList<double> Values(string instrument, string lane)
        {
            lock (_all)
            {
                return [.. _all.Where(one => string.Equals(one.Instrument, instrument, StringComparison.Ordinal)
                    && string.Equals(one.Lane, lane, StringComparison.Ordinal)).Select(one => one.Value)];
            }
        }

        public void Dispose() => _listener.Dispose();

        private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            if (Throws)
            {
                throw new FormatException("listener");
            }

            lock (_all)
            {
                _all.Add((instrument.Name, tags.Length == 1 ? tags[0].Value as string : null, value));
            }
        }
    }
}
