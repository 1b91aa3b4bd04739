using System.Diagnostics;
using AsyncKit.Testing;
using Microsoft.Extensions.Logging;

namespace AsyncKit.Tests;

/// <summary>Slow items, and the log messages of items and of the run.</summary>
public sealed class FanOutSlowItemTests : IClassFixture<NothingLeftBehind>
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void An_item_over_the_threshold_is_reported_once_while_it_runs() =>
        AsyncTest.Run(async context =>
        {
            var slow = new List<SlowItem>();
            var options = Options(context) with { OnSlowItem = slow.Add };

            await new[] { "a", "b", "c" }.FanOutAsync(options, async (item, token) =>
            {
                await Task.Delay(string.Equals(item, "b", StringComparison.Ordinal) ? 10 * Second : Second / 2, context.Time, token);
                Assert.Equal(string.Equals(item, "b", StringComparison.Ordinal) ? 1 : 0, slow.Count(one => Equals(one.Item, item)));
            });

            Assert.Equal([new SlowItem("b", 1, Second)], slow);
        });

    [Fact]
    public void The_callback_sees_the_span_of_the_run_and_not_that_of_an_item() =>
        AsyncTest.Run(async context =>
        {
            using var listener = new ActivityListener
            {
                ShouldListenTo = source => string.Equals(source.Name, AsyncKitDiagnostics.ActivitySourceName, StringComparison.Ordinal),
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            };
            ActivitySource.AddActivityListener(listener);
            var seen = new List<string?>();
            var options = Options(context) with { OnSlowItem = _ => seen.Add(Activity.Current?.OperationName) };

            await new int[2].FanOutAsync(options, (_, token) => Task.Delay(10 * Second, context.Time, token));

            Assert.Equal(["asynckit.fanout", "asynckit.fanout"], seen);
        });

    [Fact]
    public void Each_item_of_a_worker_has_the_whole_threshold() =>
        AsyncTest.Run(async context =>
        {
            var slow = new List<SlowItem>();
            var options = Options(context) with { MaxConcurrency = 1, OnSlowItem = slow.Add };

            await Enumerable.Range(0, 20).FanOutAsync(options, async (item, token) =>
                await Task.Delay(item == 13 ? 1.01 * Second : 0.99 * Second, context.Time, token));

            Assert.Equal([new SlowItem(13, 13, Second)], slow);
        });

    [Fact]
    public void Only_items_over_the_threshold_are_reported_in_every_schedule() =>
        AsyncTest.Run(async context =>
        {
            var slow = new List<SlowItem>();
            var random = context.Random;
            var lengths = Enumerable.Range(0, random.Next(12)).Select(_ => random.Next(1, 2001)).ToArray();
            var options = Options(context) with
            {
                MaxConcurrency = random.Next(1, 4),
                OnSlowItem = slow.Add,
                OnFailure = FailureMode.RunToEnd,
            };

            var report = await lengths.FanOutReportAsync(options, async (length, token) =>
            {
                await Task.Delay(TimeSpan.FromMilliseconds(length), context.Time, token);
                return length % 2 == 0 ? length : throw new FormatException();
            });

            // An item that completes exactly at the threshold may be reported or not.
            Assert.Equal(
                report.Outcomes.Where(one => one.Item > 1000).Select(one => one.Index),
                slow.Where(one => !Equals(one.Item, 1000)).Select(one => one.Index).Order());
            Assert.All(slow, one => Assert.Equal(Second, one.Elapsed));
        }, new AsyncTestOptions { Schedules = 300 });

    [Fact]
    public void A_completed_item_is_not_reported_while_its_worker_waits_for_the_next() =>
        AsyncTest.Run(async context =>
        {
            var slow = new List<SlowItem>();
            var source = new ProbedSource(2)
            {
                OnMoveNextAsync = async (pulled, token) =>
                    await Task.Delay(pulled == 0 ? TimeSpan.Zero : 5 * Second, context.Time, token),
            };

            await source.AsAsync().FanOutAsync(
                Options(context) with { MaxConcurrency = 1, OnSlowItem = slow.Add },
                async (_, token) => await Task.Delay(Second / 2, context.Time, token));

            Assert.Empty(slow);
        });

    [Fact]
    public async Task A_timer_that_fires_early_or_twice_reports_nothing()
    {
        var (clock, slow) = (new HandClock(), new List<SlowItem>());
        var options = new FanOutOptions
        {
            MaxConcurrency = 1,
            SlowItemThreshold = Second,
            OnSlowItem = slow.Add,
            TimeProvider = clock,
        };

        await new[] { "a" }.FanOutAsync(options, (_, _) =>
        {
            clock.Fire();
            Assert.Empty(slow);
            Assert.Equal(Second, clock.Due); // The timer is armed for the remaining time.
            clock.Now += Second;
            clock.Fire();
            clock.Fire();
            return default(ValueTask);
        });

        Assert.Equal([new SlowItem("a", 0, Second)], slow);
    }

    [Fact]
    public void An_exception_from_the_callback_ends_the_run_with_that_error() =>
        AsyncTest.Run(async context =>
        {
            var options = Options(context) with { OnSlowItem = _ => throw new FormatException("no screen") };

            var thrown = await Assert.ThrowsAsync<FormatException>(() => new int[1].FanOutAsync(
                options, async (_, token) => await Task.Delay(Timeout.InfiniteTimeSpan, context.Time, token)));

            Assert.Equal("no screen", thrown.Message);
        });

    [Fact]
    public async Task The_run_awaits_a_callback_that_has_started()
    {
        using var entered = new ManualResetEventSlim();
        using var proceed = new ManualResetEventSlim();
        var hasLeft = false;
        var options = new FanOutOptions
        {
            MaxConcurrency = 1,
            SlowItemThreshold = TimeSpan.FromMilliseconds(1),
            OnSlowItem = _ =>
            {
                entered.Set();
                proceed.Wait();
                Volatile.Write(ref hasLeft, true);
            },
        };

        var run = new int[1].FanOutAsync(options, async (_, token) =>
        {
            await Task.Yield();
            entered.Wait(token);
        });
        entered.Wait();
        Assert.False(run.IsCompleted);
        proceed.Set();
        await run.OrHangs();

        Assert.True(hasLeft);
    }

    [Fact]
    public void Log_messages_have_event_ids_and_never_contain_the_item() =>
        AsyncTest.Run(async context =>
        {
            var log = new LogLines();
            var options = Options(context) with { Logger = log, Name = "pages", OnFailure = FailureMode.RunToEnd };

            await new[] { "secret-0", "secret-1" }.FanOutReportAsync(options, async (item, token) =>
            {
                await Task.Delay(2 * Second, context.Time, token);
                return item.EndsWith('1') ? throw new FormatException("bad") : item;
            });

            Assert.Equal([(3, LogLevel.Warning), (3, LogLevel.Warning), (4, LogLevel.Warning), (1, LogLevel.Debug)],
                log.All.Select(line => (line.Id, line.Level)));
            Assert.Contains("Item 1 of 'pages' failed on attempt 1, after 2 s; continuing.", log.All.Select(line => line.Text), StringComparer.Ordinal);
            Assert.Contains("Item 0 of 'pages' exceeded SlowItemThreshold; still running after 1 s.", log.All.Select(line => line.Text), StringComparer.Ordinal);
            Assert.Equal("pages completed: 1 succeeded, 1 failed, 0 cancelled, after 2 s.", log.All[^1].Text);
            Assert.All(log.All, line => Assert.DoesNotContain("secret", line.Text, StringComparison.Ordinal));
        });

    [Fact]
    public async Task A_logger_that_throws_does_not_change_the_outcome_of_a_failed_item()
    {
        var options = new FanOutOptions
        {
            MaxConcurrency = 2,
            Logger = new LogLines { Fault = new FormatException("no disk") },
            OnFailure = FailureMode.RunToEnd,
        };

        var thrown = await Assert.ThrowsAnyAsync<Exception>(() => new int[3].FanOutAsync(
            options, (_, _) => ValueTask.FromException<int>(new InvalidOperationException("the item's"))).OrHangs());

        Assert.Equal("no disk", thrown.Message); // From the message of the run. Those of the items do not replace their exceptions.
    }

    private static FanOutOptions Options(AsyncTestContext context) => new()
    {
        MaxConcurrency = 3,
        SlowItemThreshold = Second,
        TimeProvider = context.Time,
    };

    /// <summary>A clock whose single timer fires when the test calls it.</summary>
    private sealed class HandClock : TimeProvider, ITimer
    {
        private TimerCallback? _callback;
        private object? _state;

        public TimeSpan Now { get; set; }

        public TimeSpan Due { get; private set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            (_callback, _state) = (callback, state);
            return this;
        }

        public void Fire() => _callback!(_state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Due = dueTime;
            return true;
        }

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => default;
    }
}
