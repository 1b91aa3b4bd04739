using AsyncKit.Testing;
using Microsoft.Extensions.Logging;

namespace AsyncKit.Tests;

/// <summary>Items that take long, and what is logged of them and of the run.</summary>
public sealed class FanOutSlowItemTests : IClassFixture<NothingLeftBehind>
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void An_item_that_runs_longer_is_reported_once_while_it_runs() =>
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
    public void However_items_end_only_those_above_the_threshold_are_reported() =>
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

            // What ends in the very moment may be reported or not.
            Assert.Equal(
                report.Outcomes.Where(one => one.Item > 1000).Select(one => one.Index),
                slow.Where(one => !Equals(one.Item, 1000)).Select(one => one.Index).Order());
            Assert.All(slow, one => Assert.Equal(Second, one.Elapsed));
        }, new AsyncTestOptions { Schedules = 300 });

    [Fact]
    public void An_item_that_has_ended_is_not_reported_while_its_worker_waits_for_the_next() =>
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
    public async Task A_timer_that_comes_early_or_again_reports_nothing()
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
            Assert.Equal(Second, clock.Due); // It was set for the rest.
            clock.Now += Second;
            clock.Fire();
            clock.Fire();
            return default(ValueTask);
        });

        Assert.Equal([new SlowItem("a", 0, Second)], slow);
    }

    [Fact]
    public void What_the_callback_throws_ends_the_run_with_that_error() =>
        AsyncTest.Run(async context =>
        {
            var options = Options(context) with { OnSlowItem = _ => throw new FormatException("no screen") };

            var thrown = await Assert.ThrowsAsync<FormatException>(() => new int[1].FanOutAsync(
                options, async (_, token) => await Task.Delay(Timeout.InfiniteTimeSpan, context.Time, token)));

            Assert.Equal("no screen", thrown.Message);
        });

    [Fact]
    public async Task The_end_waits_for_a_callback_that_has_begun()
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

            Assert.Equal([(3, LogLevel.Warning), (3, LogLevel.Warning), (2, LogLevel.Debug), (1, LogLevel.Debug)],
                log.All.Select(line => (line.Id, line.Level)));
            Assert.Contains("Item 1 of 'pages' has failed in attempt 1, after 00:00:02.", log.All.Select(line => line.Text), StringComparer.Ordinal);
            Assert.Contains("Item 0 of 'pages' has been running for 00:00:01.", log.All.Select(line => line.Text), StringComparer.Ordinal);
            Assert.Equal("pages has ended: 1 succeeded, 1 failed, 0 cancelled, in 00:00:02.", log.All[^1].Text);
            Assert.All(log.All, line => Assert.DoesNotContain("secret", line.Text, StringComparison.Ordinal));
        });

    [Fact]
    public async Task A_log_that_throws_changes_no_outcome_of_a_failed_item_and_the_run_ends()
    {
        var options = new FanOutOptions
        {
            MaxConcurrency = 2,
            Logger = new LogLines { Fault = new FormatException("no disk") },
            OnFailure = FailureMode.RunToEnd,
        };

        var thrown = await Assert.ThrowsAnyAsync<Exception>(() => new int[3].FanOutAsync(
            options, (_, _) => ValueTask.FromException<int>(new InvalidOperationException("the item's"))).OrHangs());

        Assert.Equal("no disk", thrown.Message); // Of the line at the end; those of the items do not replace theirs.
    }

    private static FanOutOptions Options(AsyncTestContext context) => new()
    {
        MaxConcurrency = 3,
        SlowItemThreshold = Second,
        TimeProvider = context.Time,
    };

    /// <summary>A clock whose one timer fires when the test says so.</summary>
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
