using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>Who stopped it, and what becomes of the operation. On virtual time.</summary>
public sealed class DeadlineTests : IClassFixture<NothingLeftBehind>
{
    private static readonly AsyncTestOptions Brief = new() { Schedules = 50 };

    [Fact]
    public void The_callers_token_gives_an_OperationCanceledException_with_that_token() => AsyncTest.Run(async context =>
    {
        using var caller = new CancellationTokenSource(Seconds(1), context.Time);

        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await Deadline.RunAsync(Hang, Seconds(2), caller.Token));

        Assert.Equal(caller.Token, thrown.CancellationToken);
        Assert.Equal(Seconds(1), context.Time.Elapsed);
    }, Brief);

    [Fact]
    public void The_limits_token_gives_a_TimeoutException_that_names_the_limit_the_operation_and_the_elapsed_time() =>
        AsyncTest.Run(async context =>
        {
            var options = new DeadlineOptions { Limit = Seconds(2), Name = "the query" };

            var thrown = await Assert.ThrowsAsync<TimeoutException>(
                async () => await Deadline.RunAsync(
                    async token =>
                    {
                        await Ignoring(Task.Delay(Timeout.Infinite, token));
                        await Task.Delay(Seconds(1), context.Time, CancellationToken.None);
                        token.ThrowIfCancellationRequested();
                    },
                    options));

            Assert.Equal("'the query' was stopped by its limit of 00:00:02, after 00:00:03.", thrown.Message);
            Assert.IsAssignableFrom<OperationCanceledException>(thrown.InnerException);
        }, Brief);

    [Fact]
    public void The_operations_own_exceptions_pass_unchanged() => AsyncTest.Run(async context =>
    {
        foreach (var own in (Exception[])[new InvalidOperationException("own"), new OperationCanceledException("foreign")])
        {
            var thrown = await Record.ExceptionAsync(async () => await Deadline.RunAsync(
                async token =>
                {
                    await Task.Yield();
                    ThrowHere(own);
                },
                Seconds(1)));

            Assert.Same(own, thrown);
            Assert.Contains(nameof(ThrowHere), thrown.StackTrace, StringComparison.Ordinal);
            Assert.Same(own, await Record.ExceptionAsync(
                async () => await Deadline.RunAsync(Task (_) => throw own, Seconds(1))));
        }
    }, Brief);

    [Fact]
    public void A_success_that_arrives_after_the_limit_is_a_success_and_the_operation_is_awaited() =>
        AsyncTest.Run(async context =>
        {
            var wasTold = false;

            var result = await Deadline.RunAsync(
                async token =>
                {
                    await Task.Delay(Seconds(5), context.Time, CancellationToken.None);
                    wasTold = token.IsCancellationRequested;
                    return 7;
                },
                Seconds(1));

            Assert.Equal((7, true, Seconds(5)), (result, wasTold, context.Time.Elapsed));
        }, Brief);

    [Fact]
    public void Zero_means_at_once_and_the_operation_is_not_called() => AsyncTest.Run(async context =>
    {
        var calls = 0;

        var thrown = await Assert.ThrowsAsync<TimeoutException>(async () => await Deadline.RunAsync(
            _ =>
            {
                calls++;
                return Task.CompletedTask;
            },
            TimeSpan.Zero));

        Assert.Equal(0, calls);
        Assert.Contains("00:00:00", thrown.Message, StringComparison.Ordinal);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await Deadline.RunAsync(Hang, TimeSpan.Zero, cancelled.Token));
    }, Brief);

    [Fact]
    public void InfiniteTimeSpan_and_anything_above_49_days_mean_none() => AsyncTest.Run(async context =>
    {
        foreach (var none in (TimeSpan[])[Timeout.InfiniteTimeSpan, TimeSpan.MaxValue, TimeSpan.FromDays(50)])
        {
            Assert.Equal(3, await Deadline.RunAsync(LastsAsync, none));
            Assert.Equal(3, await LastsAsync(default).WithTimeoutAsync(none));
            Assert.Equal(3, await Retry.RunAsync(
                LastsAsync, new RetryOptions { AttemptTimeout = none, TotalTimeout = none }));
        }

        async Task<int> LastsAsync(CancellationToken token)
        {
            await Task.Delay(TimeSpan.FromDays(20), context.Time, token);
            await Task.Delay(TimeSpan.FromDays(40), context.Time, token);
            return 3;
        }
    }, new AsyncTestOptions { Schedules = 5, MaxVirtualTime = TimeSpan.FromDays(10_000) });

    [Theory]
    [InlineData(1)]
    [InlineData(700_000)]
    [InlineData(10_000_001)]
    [InlineData(49 * TimeSpan.TicksPerDay)]
    public void There_is_no_limit_on_the_range(long ticks) => AsyncTest.Run(async context =>
    {
        await Assert.ThrowsAsync<TimeoutException>(
            async () => await Deadline.RunAsync(Hang, TimeSpan.FromTicks(ticks)));

        Assert.Equal(ticks, context.Time.Elapsed.Ticks);
    }, new AsyncTestOptions { Schedules = 5, MaxVirtualTime = TimeSpan.FromDays(100) });

    [Theory]
    [InlineData(1, 2, 1)]
    [InlineData(2, 1, 1)]
    public void Of_nested_limits_the_earliest_wins_and_is_the_one_that_is_named(int outer, int inner, int named) =>
        AsyncTest.Run(async context =>
        {
            foreach (var endsLate in (bool[])[false, true])
            {
                var thrown = await Assert.ThrowsAsync<TimeoutException>(async () => await Deadline.RunAsync(
                    token => Deadline.RunAsync(
                        async inside =>
                        {
                            await Ignoring(Task.Delay(Timeout.Infinite, inside));
                            await Task.Delay(Seconds(endsLate ? 10 : 0), context.Time, CancellationToken.None);
                            inside.ThrowIfCancellationRequested();
                        },
                        Seconds(inner),
                        token),
                    Seconds(outer)));

                Assert.Contains($"limit of {Seconds(named):c}", thrown.Message, StringComparison.Ordinal);
            }
        }, new AsyncTestOptions { Schedules = 300 });

    [Fact]
    public void Of_nested_limits_none_hides_the_callers_cancellation() => AsyncTest.Run(async context =>
    {
        using var caller = new CancellationTokenSource(Seconds(3), context.Time);

        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Deadline.RunAsync(
            token => Deadline.RunAsync(
                async inside =>
                {
                    await Task.Delay(Seconds(10), context.Time, CancellationToken.None);
                    inside.ThrowIfCancellationRequested();
                },
                Seconds(1),
                token),
            Seconds(2),
            caller.Token));

        Assert.Equal(caller.Token, thrown.CancellationToken);
    }, Brief);

    [Fact]
    public async Task No_callback_on_the_operations_token_runs_inside_the_callers_Cancel_and_it_has_ended_when_the_operation_has()
    {
        using var caller = new CancellationTokenSource();
        var inside = new AsyncLocal<bool>();
        var thread = 0;
        var gate = new TestGate();
        var run = Deadline.RunAsync(
            async token =>
            {
                token.UnsafeRegister(_ =>
                {
                    thread = Environment.CurrentManagedThreadId;
                    gate.Arrive();
                }, null);
                await gate.ArrivedAsync(1);
                token.ThrowIfCancellationRequested();
            },
            TimeSpan.FromHours(1),
            caller.Token).AsTask();

        var mine = await Task.Factory.StartNew(
            () =>
            {
                caller.Cancel();
                return Environment.CurrentManagedThreadId;
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.OrHangs());
        Assert.NotEqual(mine, thread);
    }

    [Fact]
    public async Task A_token_that_is_cancelled_at_the_call_gives_a_cancelled_task_and_the_operation_is_not_called()
    {
        using var caller = new CancellationTokenSource();
        await caller.CancelAsync();

        var run = Deadline.RunAsync(Task (_) => throw new InvalidOperationException(), Seconds(1), caller.Token);

        Assert.True(run.IsCanceled);
        Assert.Equal(
            caller.Token, (await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await run)).CancellationToken);
    }

    [Fact]
    public void Argument_errors_are_thrown_at_the_call_and_name_parameter_rule_and_value()
    {
        Func<CancellationToken, Task> none = null!;
        var operation = Hang;
        Assert.Equal("operation", Assert.Throws<ArgumentNullException>(
            () => { _ = Deadline.RunAsync(none, default(TimeSpan)).AsTask(); }).ParamName);
        Assert.Equal("options", Assert.Throws<ArgumentNullException>(
            () => { _ = Deadline.RunAsync(operation, (DeadlineOptions)null!).AsTask(); }).ParamName);
        Assert.Equal("task", Assert.Throws<ArgumentNullException>(
            () => { _ = ((Task)null!).WithTimeoutAsync(default(TimeSpan)); }).ParamName);
        var thrown = Assert.Throws<ArgumentOutOfRangeException>(
            () => { _ = Deadline.RunAsync(operation, -Seconds(1)).AsTask(); });
        Assert.Equal(("limit", -Seconds(1)), (thrown.ParamName, thrown.ActualValue));
        Assert.StartsWith("limit must be at least 00:00:00, or Timeout.InfiniteTimeSpan; it was -00:00:01.", thrown.Message, StringComparison.Ordinal);
        Assert.Equal("Limit", Assert.Throws<ArgumentOutOfRangeException>(() => new DeadlineOptions { Limit = -Seconds(1) }).ParamName);
        Assert.Equal("GracePeriod", Assert.Throws<ArgumentOutOfRangeException>(
            () => new DeadlineOptions { Limit = Seconds(1), GracePeriod = -Seconds(1) }).ParamName);
        Assert.Equal("TimeProvider", Assert.Throws<ArgumentNullException>(
            () => new DeadlineOptions { Limit = Seconds(1), TimeProvider = null! }).ParamName);
        Assert.Equal("timeout", Assert.Throws<ArgumentOutOfRangeException>(
            () => { _ = Task.CompletedTask.WithTimeoutAsync(-Seconds(1)); }).ParamName);
        Assert.Equal("options", Assert.Throws<ArgumentException>(() =>
        {
            _ = Task.CompletedTask.WithTimeoutAsync(new DeadlineOptions { Limit = Seconds(1), GracePeriod = Seconds(1) });
        }).ParamName);
    }

    [Fact]
    public async Task An_operation_that_returns_null_is_an_InvalidOperationException()
    {
#pragma warning disable MA0022, VSTHRD114 // As a user's faulty operation does.
        Func<CancellationToken, Task> withoutResult = _ => null!;
        Func<CancellationToken, Task<int>> withResult = _ => null!;
#pragma warning restore MA0022, VSTHRD114

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await Deadline.RunAsync(withoutResult, Seconds(1)));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await Deadline.RunAsync(withResult, Seconds(1)));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await Retry.RunAsync(withResult));
    }

    [Theory]
    [InlineData(nameof(TimeProvider.GetTimestamp), 1)]
    [InlineData(nameof(TimeProvider.GetTimestamp), 2)]
    [InlineData(nameof(TimeProvider.CreateTimer), 1)]
    public async Task A_clock_that_throws_leaves_no_registration_behind(string member, int call)
    {
        var clock = new FaultyClock(member, call);
        using var caller = new CancellationTokenSource();
        var options = new DeadlineOptions { Limit = TimeSpan.FromMilliseconds(1), TimeProvider = clock };

        var thrown = await Record.ExceptionAsync(
            async () => await Deadline.RunAsync(Hang, options, caller.Token).AsTask().OrHangs());

        Assert.Equal(call == 1 ? typeof(NotSupportedException) : typeof(TimeoutException), thrown?.GetType());
        Assert.Equal(0, Registrations.Count(caller));
    }

    [Fact]
    public async Task A_callback_on_the_token_that_throws_is_logged_and_a_logger_that_throws_changes_nothing()
    {
        foreach (var fault in (Exception?[])[null, new InvalidOperationException("logger")])
        {
            var time = new VirtualTime();
            var log = new LogLines { Fault = fault };
            var options = new DeadlineOptions { Limit = Seconds(1), Name = "it", Logger = log, TimeProvider = time };

            var run = Deadline.RunAsync(
                async token =>
                {
                    token.UnsafeRegister(static _ => throw new FormatException("callback"), null);
                    await Task.Delay(Timeout.Infinite, token);
                },
                options).AsTask();
            time.Advance(Seconds(1));
            await Assert.ThrowsAsync<TimeoutException>(() => run.OrHangs());

            var (_, id, text, exception) = Assert.Single(log.All);
            Assert.Equal((22, "'it' was cancelled; a callback of its token threw an exception."), (id, text));
            Assert.IsType<FormatException>(exception);
        }
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    private static Task Hang(CancellationToken token) => Task.Delay(Timeout.Infinite, token);

    private static async Task Ignoring(Task task) => await task.ConfigureAwait(
        ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowHere(Exception exception) => throw exception;

    /// <summary>Throws at the given call of a member; else the system's.</summary>
    private sealed class FaultyClock(string member, int call) : TimeProvider
    {
        private int _calls;

        public override long GetTimestamp() => Counted(nameof(GetTimestamp), base.GetTimestamp);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            Counted(nameof(CreateTimer), () => base.CreateTimer(callback, state, dueTime, period));

        private T Counted<T>(string name, Func<T> next) =>
            string.Equals(name, member, StringComparison.Ordinal) && Interlocked.Increment(ref _calls) == call
                ? throw new NotSupportedException(name)
                : next();
    }
}
