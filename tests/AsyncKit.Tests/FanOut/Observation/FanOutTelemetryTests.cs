using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>The metrics and spans of a fan-out, as a listener receives them.</summary>
public sealed class FanOutTelemetryTests : IClassFixture<NothingLeftBehind>
{
    private const string Name = "telemetry";

    [Fact]
    public async Task Metrics_count_runs_items_by_outcome_retries_and_waits()
    {
        using var metrics = new Measurements();
        await using var limiter = new ScriptedLimiter();
        var calls = 0;
        var options = new FanOutOptions
        {
            MaxConcurrency = 4,
            Name = Name,
            OnFailure = FailureMode.RunToEnd,
            StartRate = limiter,
            Retry = new RetryOptions { Backoff = Backoff.None, MaxAttempts = 2 },
        };

        await Enumerable.Range(0, 10).FanOutReportAsync(options, async (item, _) =>
        {
            Assert.True(metrics.Sum("asynckit.fanout.active") >= 1);
            Assert.Equal(1, metrics.Sum("asynckit.fanout.runs.active"));
            await Task.Yield();
            return item switch
            {
                0 => throw new FormatException(),
                1 when Interlocked.Increment(ref calls) == 1 => throw new TimeoutException(),
                _ => item,
            };
        });

        Assert.Equal(0, metrics.Sum("asynckit.fanout.runs.active"));
        Assert.Equal(0, metrics.Sum("asynckit.fanout.active"));
        Assert.Equal(9, metrics.Sum("asynckit.fanout.items", "succeeded"));
        Assert.Equal(1, metrics.Sum("asynckit.fanout.items", "failed"));
        Assert.Equal(1, metrics.Sum("asynckit.fanout.retries"));
        Assert.Equal(9, metrics.Count("asynckit.fanout.item.duration", "succeeded"));
        Assert.Equal(10, metrics.Count("asynckit.fanout.item.wait.duration"));
    }

    [Fact]
    public void Durations_are_in_seconds_by_the_clock_of_the_options() =>
        AsyncTest.Run(async context =>
        {
            using var metrics = new Measurements();
            var options = new FanOutOptions { MaxConcurrency = 2, Name = Name, TimeProvider = context.Time };

            await new int[2].FanOutAsync(options, async (_, token) =>
                await Task.Delay(TimeSpan.FromSeconds(1.5), context.Time, token));

            Assert.Equal(3, metrics.Sum("asynckit.fanout.item.duration", "succeeded"));
        });

    [Fact]
    public void The_up_down_counters_return_to_zero_in_every_schedule() =>
        AsyncTest.Run(async context =>
        {
            using var metrics = new Measurements();
            var random = context.Random;
            using var caller = new CancellationTokenSource();
            var options = new FanOutOptions
            {
                MaxConcurrency = random.Next(1, 4),
                Name = Name,
                OnFailure = (FailureMode)random.Next(2),
            };
            var cancelAt = random.Next(12);

            var report = await new ProbedSource(random.Next(8)).AsAsync().FanOutReportAsync(options, async (item, token) =>
            {
                await Task.Yield();
                if (item == cancelAt)
                {
                    await caller.CancelAsync();
                }

                token.ThrowIfCancellationRequested();
                return item % 4 == 3 ? throw new FormatException() : item;
            }, caller.Token);

            Assert.Equal(0, metrics.Sum("asynckit.fanout.runs.active"));
            Assert.Equal(0, metrics.Sum("asynckit.fanout.active"));
            Assert.Equal(report.Outcomes.Count, metrics.Sum("asynckit.fanout.items"));
            Assert.Equal(report.FailedCount, metrics.Sum("asynckit.fanout.items", "failed"));
        }, new AsyncTestOptions { Schedules = 300 });

    [Fact]
    public async Task An_exception_from_a_listener_fails_the_item_and_the_item_completes_once()
    {
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, listener) =>
        {
            if (string.Equals(instrument.Name, "asynckit.fanout.items", StringComparison.Ordinal))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, _, _, _) => throw new FormatException("no disk"));
        listener.Start();
        FanOutProgress? last = null;

        var report = await new int[3].FanOutReportAsync(
            new FanOutOptions
            {
                MaxConcurrency = 1,
                OnFailure = FailureMode.RunToEnd,
                Progress = new Receiver(progress => last = progress),
            },
            (item, _) => new ValueTask<int>(item));

        Assert.Equal(3, report.FailedCount);
        Assert.All(report.Failures, failure => Assert.Equal("no disk", failure.Exception!.Message));
        Assert.Equal((3, 0), (last!.Started, last.InFlight));
    }

    [Fact]
    public async Task One_span_per_run_and_per_item_as_a_child_of_the_callers()
    {
        using var spans = new Spans();
        using var source = new ActivitySource("caller");
        using var mine = source.StartActivity("mine");
        string?[] inner = new string?[3];

        var run = Enumerable.Range(0, 3).FanOutAsync(
            new FanOutOptions { MaxConcurrency = 2, Name = Name },
            async (item, _) =>
            {
                await Task.Yield();
                inner[item] = Activity.Current?.SpanId.ToString();
            });
        Assert.Same(mine, Activity.Current); // The span of the run must not become current for the caller.
        await run;

        var ofRun = spans.Run;
        var ofItems = spans.Items;
        Assert.Equal(mine!.SpanId, ofRun.ParentSpanId);
        Assert.Equal(mine.TraceId, ofRun.TraceId);
        Assert.Equal(Name, ofRun.GetTagItem("asynckit.name"));
        Assert.Equal(2, ofRun.GetTagItem("asynckit.max_concurrency"));
        Assert.Equal([0L, 1L, 2L], ofItems.Select(span => span.GetTagItem("asynckit.index")).Order());
        Assert.All(ofItems, span => Assert.Equal(ofRun.SpanId, span.ParentSpanId));
        Assert.Equal(
            ofItems.OrderBy(span => (long)span.GetTagItem("asynckit.index")!).Select(span => span.SpanId.ToString()), inner, StringComparer.Ordinal);
        Assert.All(spans.All, span => Assert.True(span.IsStopped));
    }

    [Fact]
    public async Task A_failed_item_and_a_failed_run_have_the_status_error_and_the_exception()
    {
        using var spans = new Spans();

        await Assert.ThrowsAsync<FormatException>(() => new[] { 0 }.FanOutAsync(
            new FanOutOptions { MaxConcurrency = 1, Name = Name },
            (_, _) => ValueTask.FromException<int>(new FormatException("bad"))));

        Assert.Equal(2, spans.All.Count);
        Assert.All(spans.All, span =>
        {
            Assert.Equal((ActivityStatusCode.Error, "bad"), (span.Status, span.StatusDescription));
            var tags = Assert.Single(span.Events).Tags.ToDictionary(tag => tag.Key, tag => tag.Value, StringComparer.Ordinal);
            Assert.Equal("System.FormatException", tags["exception.type"]);
        });
    }

    [Fact]
    public async Task A_listener_that_does_not_sample_items_receives_only_the_run()
    {
        using var spans = new Spans(wantsItems: false);

        await new int[3].FanOutAsync(
            new FanOutOptions { MaxConcurrency = 1, Name = Name }, (item, _) => new ValueTask<int>(item));

        Assert.Equal("asynckit.fanout", Assert.Single(spans.All).OperationName);
    }

    [Fact]
    public async Task Items_are_children_of_the_run_even_if_the_context_flow_is_suppressed()
    {
        using var spans = new Spans();
        Task run;
        using (ExecutionContext.SuppressFlow())
        {
            run = new int[2].FanOutAsync(
                new FanOutOptions { MaxConcurrency = 1, Name = Name }, (_, _) => default(ValueTask));
        }

        await run;

        var ofRun = spans.Run;
        Assert.All(spans.All.Except([ofRun]), span => Assert.Equal(ofRun.SpanId, span.ParentSpanId));
        Assert.Equal(3, spans.All.Count);
    }

    [Fact]
    public async Task A_stream_that_is_left_early_stops_its_span()
    {
        using var spans = new Spans();

        await foreach (var _ in Enumerable.Range(0, 1000).FanOutStream(
            new FanOutOptions { MaxConcurrency = 2, Name = Name }, (item, _) => new ValueTask<int>(item)))
        {
            break;
        }

        Assert.Equal("cancelled", spans.Run.GetTagItem("asynckit.outcome"));
        Assert.Equal(ActivityStatusCode.Unset, spans.Run.Status); // The caller requested the cancellation.
    }

    [Fact]
    public async Task A_run_without_listeners_allocates_nothing_for_telemetry()
    {
        ThreadPoolListener.Stop();
        var options = new FanOutOptions { MaxConcurrency = 8, Name = Name };
        var items = new int[10_000];
        long least = long.MaxValue;
        for (var round = 0; round < 5; round++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            await items.FanOutAsync(options, (_, _) => default(ValueTask));
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        Assert.InRange(least, 0, 8 * 1_000);
    }

    private sealed class Receiver(Action<FanOutProgress> receive) : IProgress<FanOutProgress>
    {
        public void Report(FanOutProgress value) => receive(value);
    }

    private sealed class Measurements : IDisposable
    {
        private readonly ConcurrentQueue<(string Instrument, double Value, string? Outcome)> _all = new();
        private readonly MeterListener _listener = new();

        public Measurements()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (string.Equals(instrument.Meter.Name, AsyncKitDiagnostics.MeterName, StringComparison.Ordinal))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.Start();
        }

        public double Sum(string instrument, string? outcome = null) => Of(instrument, outcome).Sum(one => one.Value);

        public int Count(string instrument, string? outcome = null) => Of(instrument, outcome).Count();

        public void Dispose() => _listener.Dispose();

        private IEnumerable<(string Instrument, double Value, string? Outcome)> Of(string instrument, string? outcome) =>
            _all.Where(one => string.Equals(one.Instrument, instrument, StringComparison.Ordinal)
                && (outcome is null || string.Equals(one.Outcome, outcome, StringComparison.Ordinal)));

        private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            string? name = null;
            string? outcome = null;
            foreach (var (key, tag) in tags)
            {
                name = string.Equals(key, "asynckit.name", StringComparison.Ordinal) ? (string?)tag : name;
                outcome = string.Equals(key, "asynckit.outcome", StringComparison.Ordinal) ? (string?)tag : outcome;
            }

            if (string.Equals(name, Name, StringComparison.Ordinal))
            {
                _all.Enqueue((instrument.Name, value, outcome));
            }
        }
    }

    private sealed class Spans : IDisposable
    {
        private readonly ConcurrentQueue<Activity> _stopped = new();
        private readonly ActivityListener _listener;

        public Spans(bool wantsItems = true)
        {
            _listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name is AsyncKitDiagnostics.ActivitySourceName or "caller",
                Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                    wantsItems || options.Name is not "asynckit.fanout.item"
                        ? ActivitySamplingResult.AllData
                        : ActivitySamplingResult.None,
                ActivityStopped = activity =>
                {
                    if (string.Equals(activity.Source.Name, AsyncKitDiagnostics.ActivitySourceName, StringComparison.Ordinal))
                    {
                        _stopped.Enqueue(activity);
                    }
                },
            };
            ActivitySource.AddActivityListener(_listener);
        }

        public List<Activity> All => [.. _stopped];

        public Activity Run => Assert.Single(Named("asynckit.fanout"));

        public List<Activity> Items => Named("asynckit.fanout.item");

        public void Dispose() => _listener.Dispose();

        private List<Activity> Named(string name) =>
            All.FindAll(span => string.Equals(span.OperationName, name, StringComparison.Ordinal));
    }
}
