using System.Collections.Concurrent;

namespace AsyncKit.Testing.Tests;

public sealed class VirtualTimeTests
{
    private static readonly DateTimeOffset Start = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly VirtualTime _time = new();
    private readonly List<string> _log = [];

    [Fact]
    public void Timers_fire_in_the_order_of_their_due_times_and_equal_ones_in_the_order_they_were_set()
    {
        Once("c", 3);
        Once("a1", 1);
        Once("b", 2);
        Once("a2", 1);
        using var last = _time.CreateTimer(_ => _log.Add("a3"), null, Seconds(9), Timeout.InfiniteTimeSpan);
        Once("a4", 1);
        Assert.True(last.Change(Seconds(1), Timeout.InfiniteTimeSpan));

        _time.Advance(Seconds(3));

        Assert.Equal(["a1", "a2", "a4", "a3", "b", "c"], _log);
    }

    [Fact]
    public void Many_timers_fire_in_the_order_of_their_due_times()
    {
        var random = new Random(1);
        var expected = new List<(int Due, int Set)>();
        var fired = new List<(int Due, int Set)>();
        for (var i = 0; i < 2_000; i++)
        {
            var timer = (Due: random.Next(100), Set: i);
            expected.Add(timer);
            _ = _time.CreateTimer(_ => fired.Add(timer), null, Seconds(timer.Due), Timeout.InfiniteTimeSpan);
        }

        while (_time.Elapsed < Seconds(100))
        {
            _time.Advance(Seconds(random.Next(7)));
        }

        Assert.Equal(expected.Order(), fired);
    }

    [Fact]
    public void The_clock_shows_the_due_time_of_a_timer_while_it_fires()
    {
        var shown = new List<(DateTimeOffset Now, TimeSpan Elapsed, long Timestamp)>();
        foreach (var due in Enumerable.Range(2, 2).Reverse())
        {
            _ = _time.CreateTimer(
                _ => shown.Add((_time.GetUtcNow(), _time.Elapsed, _time.GetTimestamp())),
                null,
                Seconds(due),
                Timeout.InfiniteTimeSpan);
        }

        _time.Advance(Seconds(60));

        Assert.Equal(
            Enumerable.Range(2, 2).Select(due => (Start + Seconds(due), Seconds(due), Seconds(due).Ticks)),
            shown);
        Assert.Equal(Start + Seconds(60), _time.GetUtcNow());
    }

    [Fact]
    public void A_timer_that_a_callback_sets_within_the_advanced_time_fires_in_the_same_call()
    {
        _ = _time.CreateTimer(
            _ =>
            {
                Once("within", 2);
                Once("beyond", 9);
                Once("at the end", 4);
                Once("immediately", 0);
            },
            null,
            Seconds(1),
            Timeout.InfiniteTimeSpan);

        _time.Advance(Seconds(5));

        Assert.Equal(["immediately", "within", "at the end"], _log);
        Assert.Equal(1, _time.PendingTimers);
        Assert.Equal(Seconds(5), _time.UntilNextTimer);
    }

    [Fact]
    public void A_timer_never_fires_inside_CreateTimer_or_Change_even_if_it_is_due_immediately()
    {
        using var timer = _time.CreateTimer(_ => _log.Add("fired"), null, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        Assert.Empty(_log);
        Assert.True(timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan));
        Assert.Empty(_log);
        Assert.Equal(TimeSpan.Zero, _time.UntilNextTimer);

        _time.Advance(TimeSpan.Zero);

        Assert.Equal(["fired"], _log);
        Assert.Equal(TimeSpan.Zero, _time.Elapsed);
    }

    [Fact]
    public void An_immediate_timer_that_a_callback_sets_fires_after_the_callback()
    {
        _ = _time.CreateTimer(
            _ =>
            {
                Once("inner", 0);
                _log.Add("outer");
            },
            null,
            Seconds(1),
            Timeout.InfiniteTimeSpan);

        _time.Advance(Seconds(1));

        Assert.Equal(["outer", "inner"], _log);
    }

    [Fact]
    public void Callbacks_run_on_the_thread_that_advances_the_clock()
    {
        var thread = 0;
        _ = _time.CreateTimer(
            _ => thread = Environment.CurrentManagedThreadId, null, Seconds(1), Timeout.InfiniteTimeSpan);

        var advancing = 0;
        OnThreads(1, _ =>
        {
            advancing = Environment.CurrentManagedThreadId;
            _time.Advance(Seconds(1));
        });

        Assert.Equal(advancing, thread);
        Assert.NotEqual(Environment.CurrentManagedThreadId, thread);
    }

    [Fact]
    public void Callbacks_run_with_the_ExecutionContext_of_the_timers_creation_and_leak_nothing()
    {
        var local = new AsyncLocal<string> { Value = "creation" };
        _ = _time.CreateTimer(
            _ =>
            {
                _log.Add(local.Value!);
                local.Value = "callback";
            },
            null,
            Seconds(1),
            Seconds(1));
        local.Value = "advance";

        _time.Advance(Seconds(2));

        Assert.Equal(["creation", "creation"], _log);
        Assert.Equal("advance", local.Value);
    }

    [Fact]
    public void A_timer_created_without_flow_does_not_leak_a_context()
    {
        var local = new AsyncLocal<string> { Value = "creation" };
        using (ExecutionContext.SuppressFlow())
        {
            _ = _time.CreateTimer(
                _ =>
                {
                    _log.Add(local.Value!);
                    local.Value = "callback";
                },
                null,
                Seconds(1),
                Timeout.InfiniteTimeSpan);
        }

        local.Value = "advance";
        _time.Advance(Seconds(1));

        Assert.Equal(["advance"], _log);
        Assert.Equal("advance", local.Value);
    }

    [Fact]
    public void An_exception_of_a_callback_is_thrown_by_the_advance_and_the_clock_shows_its_due_time()
    {
        var thrown = new FormatException();
        _ = _time.CreateTimer(_ => throw thrown, null, Seconds(1), Timeout.InfiniteTimeSpan);
        Once("next", 1);
        Once("later", 2);

        Assert.Same(thrown, Assert.Throws<FormatException>(() => _time.Advance(Seconds(5))));

        Assert.Equal(Seconds(1), _time.Elapsed);
        Assert.Empty(_log);
        Assert.Equal(2, _time.PendingTimers);
        _time.Advance(Seconds(1));
        Assert.Equal(["next", "later"], _log);
        Assert.Equal(Seconds(2), _time.Elapsed);
    }

    [Fact]
    public async Task DisposeAsync_completes_after_a_callback_threw()
    {
        var timer = _time.CreateTimer(_ => throw new FormatException(), null, Seconds(1), Seconds(1));
        Assert.Throws<FormatException>(() => _time.Advance(Seconds(1)));
        Assert.Throws<FormatException>(() => _time.Advance(Seconds(1)));

        var ended = timer.DisposeAsync().AsTask();

        Assert.True(ended.IsCompletedSuccessfully);
        await ended;
    }

    [Fact]
    public void A_callback_may_advance_the_clock_itself()
    {
        _ = _time.CreateTimer(
            _ =>
            {
                _log.Add("outer starts");
                _time.Advance(Seconds(2));
                _log.Add(_time.Elapsed == Seconds(3) ? "outer completes" : _time.Elapsed.ToString());
            },
            null,
            Seconds(1),
            Timeout.InfiniteTimeSpan);
        Once("two", 2);
        Once("four", 4);

        _time.Advance(Seconds(10));

        Assert.Equal(["outer starts", "two", "outer completes", "four"], _log);
        Assert.Equal(Seconds(10), _time.Elapsed);
    }

    [Fact]
    public void A_callback_may_advance_past_the_goal_and_the_clock_never_runs_backward()
    {
        _ = _time.CreateTimer(_ => _time.Advance(Seconds(10)), null, Seconds(1), Timeout.InfiniteTimeSpan);
        Once("three", 3);

        _time.Advance(Seconds(2));

        Assert.Equal(["three"], _log);
        Assert.Equal(Seconds(11), _time.Elapsed);
    }

    [Fact]
    public void A_callback_may_call_AdvanceToNextTimer()
    {
        _ = _time.CreateTimer(
            _ => Assert.True(_time.AdvanceToNextTimer()), null, Seconds(1), Timeout.InfiniteTimeSpan);
        Once("three", 3);

        Assert.True(_time.AdvanceToNextTimer());

        Assert.Equal(["three"], _log);
        Assert.Equal(Seconds(3), _time.Elapsed);
    }

    [Fact]
    public void A_periodic_timer_fires_each_period_at_its_exact_time()
    {
        var at = new List<double>();
        using var timer = _time.CreateTimer(_ => at.Add(_time.Elapsed.TotalSeconds), null, Seconds(1), Seconds(2));

        _time.Advance(Seconds(4.5));
        Assert.Equal([1, 3], at);
        Assert.Equal(1, _time.PendingTimers);
        Assert.Equal(Seconds(0.5), _time.UntilNextTimer);
        _time.Advance(Seconds(4));

        Assert.Equal([1, 3, 5, 7], at);
    }

    [Fact]
    public void Two_periodic_timers_keep_their_order()
    {
        using var a = _time.CreateTimer(_ => _log.Add("a"), null, Seconds(1), Seconds(1));
        using var b = _time.CreateTimer(_ => _log.Add("b"), null, Seconds(1), Seconds(1));

        _time.Advance(Seconds(3));

        Assert.Equal(["a", "b", "a", "b", "a", "b"], _log);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void A_period_of_zero_or_infinite_fires_once(int milliseconds)
    {
        var period = TimeSpan.FromMilliseconds(milliseconds);
        using var timer = _time.CreateTimer(_ => _log.Add("fired"), null, Seconds(1), period);

        _time.Advance(Seconds(10));

        Assert.Equal(["fired"], _log);
        Assert.Equal(0, _time.PendingTimers);
        Assert.Null(_time.UntilNextTimer);
    }

    [Fact]
    public void An_infinite_due_time_never_fires_until_it_is_changed()
    {
        using var timer = _time.CreateTimer(
            _ => _log.Add("fired"), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Assert.Equal(0, _time.PendingTimers);
        _time.Advance(TimeSpan.FromDays(1_000));
        Assert.Empty(_log);

        Assert.True(timer.Change(Seconds(1), Timeout.InfiniteTimeSpan));
        _time.Advance(Seconds(1));

        Assert.Equal(["fired"], _log);
    }

    [Fact]
    public void Change_to_infinite_stops_a_periodic_timer_even_from_its_callback()
    {
        ITimer? timer = null;
        timer = _time.CreateTimer(
            _ =>
            {
                _log.Add("fired");
                if (_log.Count == 3)
                {
                    Assert.True(timer!.Change(Timeout.InfiniteTimeSpan, Seconds(1)));
                }
            },
            null,
            Seconds(1),
            Seconds(1));

        _time.Advance(Seconds(10));

        Assert.Equal(3, _log.Count);
        Assert.Equal(0, _time.PendingTimers);
        timer.Dispose();
    }

    [Fact]
    public void A_disposed_timer_does_not_fire_and_its_Change_returns_false()
    {
        var timer = _time.CreateTimer(_ => _log.Add("fired"), null, Seconds(1), Seconds(1));
        timer.Dispose();
        timer.Dispose();

        Assert.False(timer.Change(Seconds(1), Seconds(1)));
        Assert.Equal(0, _time.PendingTimers);
        _time.Advance(Seconds(10));
        Assert.Empty(_log);
    }

    [Fact]
    public async Task A_periodic_timer_disposed_inside_its_callback_does_not_fire_again()
    {
        ITimer? timer = null;
        var ended = Task.CompletedTask;
        var endedInside = true;
        timer = _time.CreateTimer(
            _ =>
            {
                _log.Add("fired");
                ended = timer!.DisposeAsync().AsTask();
                endedInside = ended.IsCompleted;
                Assert.False(timer.Change(Seconds(1), Seconds(1)));
            },
            null,
            Seconds(1),
            Seconds(1));

        _time.Advance(Seconds(10));

        Assert.Equal(["fired"], _log);
        Assert.False(endedInside);
        await ended.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.True(timer.DisposeAsync().AsTask().IsCompletedSuccessfully);
    }

    [Fact]
    public void A_timer_that_another_timer_with_the_same_due_time_disposes_does_not_fire()
    {
        ITimer? second = null;
        using var first = _time.CreateTimer(_ => second!.Dispose(), null, Seconds(1), Timeout.InfiniteTimeSpan);
        second = _time.CreateTimer(_ => _log.Add("second"), null, Seconds(1), Timeout.InfiniteTimeSpan);

        _time.Advance(Seconds(1));

        Assert.Empty(_log);
    }

    [Fact]
    public async Task DisposeAsync_waits_for_a_running_callback()
    {
        using var isRunning = new ManualResetEventSlim();
        using var mayEnd = new ManualResetEventSlim();
        var hasEnded = false;
        var timer = _time.CreateTimer(
            _ =>
            {
                isRunning.Set();
                mayEnd.Wait();
                hasEnded = true;
            },
            null,
            Seconds(1),
            Timeout.InfiniteTimeSpan);
        var advancing = new Thread(() => _time.Advance(Seconds(1)));
        advancing.Start();
        isRunning.Wait();

        var first = timer.DisposeAsync().AsTask();
        var second = timer.DisposeAsync().AsTask();
        Assert.False(first.IsCompleted);
        Assert.False(second.IsCompleted);
        mayEnd.Set();
        await Task.WhenAll(first, second).WaitAsync(TimeSpan.FromSeconds(30));

        Assert.True(hasEnded);
        advancing.Join();
    }

    [Theory]
    [InlineData(-2)]
    [InlineData(-0.5)]
    [InlineData(4_294_967_295d)]
    [InlineData(4_294_967_294.5)]
    public void An_invalid_due_time_or_period_throws_with_its_name(double milliseconds)
    {
        var wrong = TimeSpan.FromMilliseconds(milliseconds);
        using var timer = _time.CreateTimer(_ => { }, null, Seconds(1), Timeout.InfiniteTimeSpan);

        Assert.Equal("dueTime", Names(() => _time.CreateTimer(_ => { }, null, wrong, Timeout.InfiniteTimeSpan)));
        Assert.Equal("period", Names(() => _time.CreateTimer(_ => { }, null, Timeout.InfiniteTimeSpan, wrong)));
        Assert.Equal("dueTime", Names(() => timer.Change(wrong, Timeout.InfiniteTimeSpan)));
        Assert.Equal("period", Names(() => timer.Change(Timeout.InfiniteTimeSpan, wrong)));
        Assert.Equal(Seconds(1), _time.UntilNextTimer); // A rejected change has no effect.
    }

    [Fact]
    public void The_longest_due_time_and_period_are_allowed()
    {
        var longest = TimeSpan.FromMilliseconds(4_294_967_294);
        using var timer = _time.CreateTimer(_ => _log.Add("fired"), null, longest, longest);

        _time.Advance(longest * 2);

        Assert.Equal(2, _log.Count);
    }

    [Fact]
    public void Null_callbacks_and_time_zones_throw()
    {
        Assert.Equal("callback", Assert.Throws<ArgumentNullException>(
            () => _time.CreateTimer(null!, null, Seconds(1), Timeout.InfiniteTimeSpan)).ParamName);
        Assert.Equal("timeZone", Assert.Throws<ArgumentNullException>(() => _time.SetLocalTimeZone(null!)).ParamName);
    }

    [Fact]
    public void The_callback_gets_the_state()
    {
        var state = new object();
        object? got = null;
        using var timer = _time.CreateTimer(it => got = it, state, Seconds(1), Timeout.InfiniteTimeSpan);

        _time.Advance(Seconds(1));

        Assert.Same(state, got);
    }

    [Fact]
    public void A_negative_advance_throws() =>
        Assert.Equal("by", Names(() => _time.Advance(TimeSpan.FromTicks(-1))));

    [Fact]
    public void The_clock_advances_to_the_end_of_the_year_9999_but_not_past_it()
    {
        Assert.Equal("by", Names(() => _time.Advance(TimeSpan.MaxValue)));
        Assert.Equal(TimeSpan.Zero, _time.Elapsed);
        _time.Advance(DateTimeOffset.MaxValue - Start);
        Assert.Equal(DateTimeOffset.MaxValue, _time.GetUtcNow());

        Assert.Equal("by", Names(() => _time.Advance(TimeSpan.FromTicks(1))));
        Assert.Equal("by", Names(() => _time.Advance(TimeSpan.MaxValue)));

        Assert.Equal(DateTimeOffset.MaxValue, _time.GetUtcNow());
    }

    [Fact]
    public void A_timer_due_after_the_year_9999_never_fires()
    {
        var time = new VirtualTime(DateTimeOffset.MaxValue);
        using var timer = time.CreateTimer(_ => _log.Add("fired"), null, Seconds(1), Timeout.InfiniteTimeSpan);

        Assert.Throws<InvalidOperationException>(() => time.AdvanceToNextTimer());

        Assert.Equal(DateTimeOffset.MaxValue, time.GetUtcNow());
        Assert.Empty(_log);
    }

    [Fact]
    public void AdvanceToNextTimer_fires_all_timers_with_the_next_due_time()
    {
        Once("later", 5);
        Once("a", 2);
        Once("b", 2);

        Assert.True(_time.AdvanceToNextTimer());
        Assert.Equal(["a", "b"], _log);
        Assert.Equal(Seconds(2), _time.Elapsed);
        Assert.True(_time.AdvanceToNextTimer());
        Assert.Equal(Seconds(5), _time.Elapsed);
        Assert.False(_time.AdvanceToNextTimer());
        Assert.Equal(Seconds(5), _time.Elapsed);
        Assert.Equal(["a", "b", "later"], _log);
    }

    [Fact]
    public void PendingTimers_and_UntilNextTimer_describe_the_pending_timers()
    {
        Assert.Equal(0, _time.PendingTimers);
        Assert.Null(_time.UntilNextTimer);
        Once("a", 2);
        Once("b", 3);
        Assert.Equal(2, _time.PendingTimers);
        Assert.Equal(Seconds(2), _time.UntilNextTimer);

        _time.Advance(Seconds(2.5));

        Assert.Equal(1, _time.PendingTimers);
        Assert.Equal(Seconds(0.5), _time.UntilNextTimer);
    }

    [Fact]
    public void The_clock_starts_at_the_beginning_of_the_year_2000_or_at_the_given_time()
    {
        Assert.Equal(Start, _time.GetUtcNow());
        var given = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.FromHours(2));
        var time = new VirtualTime(given);
        Assert.Equal(given, time.GetUtcNow());
        Assert.Equal(TimeSpan.Zero, time.GetUtcNow().Offset);
        Assert.Equal(TimeSpan.Zero, time.Elapsed);
    }

    [Fact]
    public void GetTimestamp_and_GetElapsedTime_follow_the_clock()
    {
        var begin = _time.GetTimestamp();

        _time.Advance(Seconds(90));

        Assert.Equal(TimeSpan.TicksPerSecond, _time.TimestampFrequency);
        Assert.Equal(Seconds(90), _time.GetElapsedTime(begin));
        Assert.Equal(Seconds(90), _time.Elapsed);
    }

    [Fact]
    public void GetLocalNow_is_UTC_until_a_zone_is_set()
    {
        Assert.Equal(TimeZoneInfo.Utc, _time.LocalTimeZone);
        Assert.Equal(TimeSpan.Zero, _time.GetLocalNow().Offset);
        var zone = TimeZoneInfo.CreateCustomTimeZone("test", TimeSpan.FromHours(5.5), "test", "test");

        _time.SetLocalTimeZone(zone);

        Assert.Same(zone, _time.LocalTimeZone);
        Assert.Equal(TimeSpan.FromHours(5.5), _time.GetLocalNow().Offset);
        Assert.Equal(Start, _time.GetLocalNow());
    }

    [Fact]
    public void All_members_are_thread_safe()
    {
        const int Threads = 4;
        const int Each = 2_000;
        var fired = new ConcurrentBag<int>();
        OnThreads(Threads, thread =>
        {
            var random = new Random(thread);
            for (var i = 0; i < Each; i++)
            {
                var id = (thread * Each) + i;
                var timer = _time.CreateTimer(
                    _ => fired.Add(id), null, TimeSpan.FromTicks(random.Next(50)), Timeout.InfiniteTimeSpan);
                if (random.Next(4) == 0)
                {
                    // Must fire exactly once, whether it already fired or not.
                    using var other = _time.CreateTimer(_ => { }, null, TimeSpan.Zero, TimeSpan.FromTicks(20));
                    Assert.True(other.Change(TimeSpan.FromTicks(3), Timeout.InfiniteTimeSpan));
                }

                _time.Advance(TimeSpan.FromTicks(3));
                _ = _time.PendingTimers + _time.UntilNextTimer?.Ticks + _time.GetTimestamp();
                GC.KeepAlive(timer);
            }
        });
        Assert.Equal(Threads * Each * 3, _time.Elapsed.Ticks); // Concurrent advances add up.

        _time.Advance(TimeSpan.FromTicks(50));

        Assert.Equal(0, _time.PendingTimers);
        Assert.Equal(Enumerable.Range(0, Threads * Each), fired.Order());
    }

    [Fact]
    public void Concurrent_advances_are_serialized()
    {
        var inside = 0;
        var most = 0;
        for (var i = 0; i < 2_000; i++)
        {
            _ = _time.CreateTimer(
                _ =>
                {
                    most = Math.Max(most, Interlocked.Increment(ref inside));
                    Interlocked.Decrement(ref inside);
                },
                null,
                TimeSpan.FromTicks(i),
                Timeout.InfiniteTimeSpan);
        }

        OnThreads(4, _ =>
        {
            while (_time.AdvanceToNextTimer())
            {
                _time.Advance(TimeSpan.FromTicks(1));
            }
        });

        Assert.Equal(1, most);
        Assert.Equal(0, _time.PendingTimers);
    }

    [Fact]
    public void AdvanceToNextTimer_on_several_threads_fires_each_timer_once()
    {
        const int Timers = 4_000;
        var fired = new int[Timers];
        for (var i = 0; i < Timers; i++)
        {
            var id = i;
            _ = _time.CreateTimer(_ => fired[id]++, null, TimeSpan.FromTicks(id / 2), Timeout.InfiniteTimeSpan);
        }

        var advances = 0;
        OnThreads(4, _ =>
        {
            while (_time.AdvanceToNextTimer())
            {
                Interlocked.Increment(ref advances);
            }
        });

        Assert.All(fired, count => Assert.Equal(1, count));
        Assert.Equal(Timers / 2, advances);
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    private static string? Names(Action action) =>
        Assert.Throws<ArgumentOutOfRangeException>(action).ParamName;

    private static void OnThreads(int count, Action<int> action) => Threads.Run(count, action);

    private void Once(string name, double due) =>
        _ = _time.CreateTimer(_ => _log.Add(name), null, Seconds(due), Timeout.InfiniteTimeSpan);
}
