using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>The outcome of an operation under a limit, on virtual time.</summary>
public sealed class DeadlineTests : IClassFixture<NothingLeftBehind>
{
    private static readonly AsyncTestOptions FiftySchedules = new() { Schedules = 50 };

    [Fact]
    public void A_cancelled_caller_gets_an_OperationCanceledException_with_its_token() => AsyncTest.Run(async context =>
    {
        using var caller = new CancellationTokenSource(Seconds(1), context.Time);

        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await Deadline.RunAsync(WaitForCancellationAsync, Seconds(2), caller.Token));

        Assert.Equal(caller.Token, thrown.CancellationToken);
        Assert.Equal(Seconds(1), context.Time.Elapsed);
    }, FiftySchedules);

    [Fact]
    public void A_TimeoutException_names_the_operation_the_limit_and_the_elapsed_time() =>
        AsyncTest.Run(async context =>
        {
            var options = new DeadlineOptions { Limit = Seconds(2), Name = "the query" };

            var thrown = await Assert.ThrowsAsync<TimeoutException>(
                async () => await Deadline.RunAsync(
                    async token =>
                    {
                        await SuppressAsync(Task.Delay(Timeout.Infinite, token));
                        await Task.Delay(Seconds(1), context.Time, CancellationToken.None);
                        token.ThrowIfCancellationRequested();
                    },
                    options));

            Assert.Equal("'the query' was stopped by its limit of 2 s, after 3 s.", thrown.Message);
            Assert.IsAssignableFrom<OperationCanceledException>(thrown.InnerException);
        }, FiftySchedules);

    [Fact]
    public void Exceptions_of_the_operation_pass_unchanged() => AsyncTest.Run(async context =>
    {
        foreach (var own in (Exception[])[new InvalidOperationException("own"), new OperationCanceledException("own")])
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
    }, FiftySchedules);

    [Fact]
    public void The_operation_is_awaited_and_its_success_after_the_limit_is_returned() =>
        AsyncTest.Run(async context =>
        {
            var wasCancelled = false;

            var result = await Deadline.RunAsync(
                async token =>
                {
                    await Task.Delay(Seconds(5), context.Time, CancellationToken.None);
                    wasCancelled = token.IsCancellationRequested;
                    return 7;
                },
                Seconds(1));

            Assert.Equal((7, true, Seconds(5)), (result, wasCancelled, context.Time.Elapsed));
        }, FiftySchedules);

    [Fact]
    public void A_limit_of_zero_stops_the_operation_before_it_is_called() => AsyncTest.Run(async context =>
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
        Assert.Contains("limit of 0 ms", thrown.Message, StringComparison.Ordinal);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await Deadline.RunAsync(WaitForCancellationAsync, TimeSpan.Zero, cancelled.Token));
    }, FiftySchedules);

    [Fact]
    public void InfiniteTimeSpan_and_times_above_49_days_disable_the_limit() => AsyncTest.Run(async context =>
    {
        foreach (var disabled in (TimeSpan[])[Timeout.InfiniteTimeSpan, TimeSpan.MaxValue, TimeSpan.FromDays(50)])
        {
            Assert.Equal(3, await Deadline.RunAsync(RunSixtyDaysAsync, disabled));
            Assert.Equal(3, await RunSixtyDaysAsync(default).WithTimeoutAsync(disabled));
            Assert.Equal(3, await Retry.RunAsync(
                RunSixtyDaysAsync, new RetryOptions { AttemptTimeout = disabled, TotalTimeout = disabled }));
        }

        async Task<int> RunSixtyDaysAsync(CancellationToken token)
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
    public void A_limit_from_one_tick_to_49_days_is_exact(long ticks) => AsyncTest.Run(async context =>
    {
        await Assert.ThrowsAsync<TimeoutException>(
            async () => await Deadline.RunAsync(WaitForCancellationAsync, TimeSpan.FromTicks(ticks)));

        Assert.Equal(ticks, context.Time.Elapsed.Ticks);
    }, new AsyncTestOptions { Schedules = 5, MaxVirtualTime = TimeSpan.FromDays(100) });

    [Theory]
    [InlineData(1, 2, 1)]
    [InlineData(2, 1, 1)]
    public void The_exception_of_nested_limits_names_the_earliest_one(int outer, int inner, int named) =>
        AsyncTest.Run(async context =>
        {
            foreach (var isLate in (bool[])[false, true])
            {
                var thrown = await Assert.ThrowsAsync<TimeoutException>(async () => await Deadline.RunAsync(
                    token => Deadline.RunAsync(
                        async innerToken =>
                        {
                            await SuppressAsync(Task.Delay(Timeout.Infinite, innerToken));
                            await Task.Delay(Seconds(isLate ? 10 : 0), context.Time, CancellationToken.None);
                            innerToken.ThrowIfCancellationRequested();
                        },
                        Seconds(inner),
                        token),
                    Seconds(outer)));

                Assert.Contains($"limit of {named} s", thrown.Message, StringComparison.Ordinal);
            }
        }, new AsyncTestOptions { Schedules = 300 });

    [Fact]
    public void Nested_limits_do_not_hide_the_cancellation_by_the_caller() => AsyncTest.Run(async context =>
    {
        using var caller = new CancellationTokenSource(Seconds(3), context.Time);

        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Deadline.RunAsync(
            token => Deadline.RunAsync(
                async innerToken =>
                {
                    await Task.Delay(Seconds(10), context.Time, CancellationToken.None);
                    innerToken.ThrowIfCancellationRequested();
                },
                Seconds(1),
                token),
            Seconds(2),
            caller.Token));

        Assert.Equal(caller.Token, thrown.CancellationToken);
    }, FiftySchedules);

    [Fact]
    public async Task A_callback_on_the_token_runs_outside_Cancel_and_before_the_task_completes()
    {
        using var caller = new CancellationTokenSource();
        var callbackThread = 0;
        var gate = new TestGate();
        var run = Deadline.RunAsync(
            async token =>
            {
                token.UnsafeRegister(_ =>
                {
                    callbackThread = Environment.CurrentManagedThreadId;
                    gate.Arrive();
                }, null);
                await gate.ArrivedAsync(1);
                token.ThrowIfCancellationRequested();
            },
            TimeSpan.FromHours(1),
            caller.Token).AsTask();

        var cancellingThread = await Task.Factory.StartNew(
            () =>
            {
                caller.Cancel();
                return Environment.CurrentManagedThreadId;
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.OrHangs());
        Assert.NotEqual(cancellingThread, callbackThread);
    }

    [Fact]
    public async Task An_already_cancelled_token_returns_a_cancelled_task_without_a_call()
    {
        using var caller = new CancellationTokenSource();
        await caller.CancelAsync();

        var run = Deadline.RunAsync(Task (_) => throw new InvalidOperationException(), Seconds(1), caller.Token);

        Assert.True(run.IsCanceled);
        Assert.Equal(
            caller.Token,
            (await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await run)).CancellationToken);
    }

    [Fact]
    public void Argument_errors_are_thrown_by_the_call_and_name_parameter_rule_and_value()
    {
        Func<CancellationToken, Task> missing = null!;
        var operation = WaitForCancellationAsync;
        Assert.Equal("operation", Assert.Throws<ArgumentNullException>(
            () => { _ = Deadline.RunAsync(missing, default(TimeSpan)).AsTask(); }).ParamName);
        Assert.Equal("options", Assert.Throws<ArgumentNullException>(
            () => { _ = Deadline.RunAsync(operation, (DeadlineOptions)null!).AsTask(); }).ParamName);
        Assert.Equal("task", Assert.Throws<ArgumentNullException>(
            () => { _ = ((Task)null!).WithTimeoutAsync(default(TimeSpan)); }).ParamName);
        var thrown = Assert.Throws<ArgumentOutOfRangeException>(
            () => { _ = Deadline.RunAsync(operation, -Seconds(1)).AsTask(); });
        Assert.Equal(("limit", -Seconds(1)), (thrown.ParamName, thrown.ActualValue));
        Assert.StartsWith(
            "limit must be at least 0 ms, or Timeout.InfiniteTimeSpan; it was -1 s.",
            thrown.Message,
            StringComparison.Ordinal);
        Assert.Equal("Limit", Assert.Throws<ArgumentOutOfRangeException>(
            () => new DeadlineOptions { Limit = -Seconds(1) }).ParamName);
        Assert.Equal("GracePeriod", Assert.Throws<ArgumentOutOfRangeException>(
            () => new DeadlineOptions { Limit = Seconds(1), GracePeriod = -Seconds(1) }).ParamName);
        Assert.Equal("TimeProvider", Assert.Throws<ArgumentNullException>(
            () => new DeadlineOptions { Limit = Seconds(1), TimeProvider = null! }).ParamName);
        Assert.Equal("timeout", Assert.Throws<ArgumentOutOfRangeException>(
            () => { _ = Task.CompletedTask.WithTimeoutAsync(-Seconds(1)); }).ParamName);
        Assert.Equal("options", Assert.Throws<ArgumentException>(() =>
        {
            _ = Task.CompletedTask.WithTimeoutAsync(
                new DeadlineOptions { Limit = Seconds(1), GracePeriod = Seconds(1) });
        }).ParamName);
    }

    [Fact]
    public async Task An_operation_that_returns_null_throws_InvalidOperationException()
    {
#pragma warning disable MA0022, VSTHRD114 // Stands in for faulty user code.
        Func<CancellationToken, Task> withoutResult = _ => null!;
        Func<CancellationToken, Task<int>> withResult = _ => null!;
#pragma warning restore MA0022, VSTHRD114

        await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await Deadline.RunAsync(withoutResult, Seconds(1)));
        await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await Deadline.RunAsync(withResult, Seconds(1)));
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
            async () => await Deadline.RunAsync(WaitForCancellationAsync, options, caller.Token).AsTask().OrHangs());

        Assert.Equal(call == 1 ? typeof(NotSupportedException) : typeof(TimeoutException), thrown?.GetType());
        Assert.Equal(0, Registrations.Count(caller));
    }

    [Fact]
    public async Task A_callback_that_throws_is_logged_and_a_faulty_logger_is_ignored()
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

    private static Task WaitForCancellationAsync(CancellationToken token) => Task.Delay(Timeout.Infinite, token);

    private static async Task SuppressAsync(Task task) => await task.ConfigureAwait(
        ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowHere(Exception exception) => throw exception;

    /// <summary>Throws on the given call of a member. Other calls use the system's clock.</summary>
    private sealed class FaultyClock(string member, int call) : TimeProvider
    {
        private int _calls;

        public override long GetTimestamp() => CountCall(nameof(GetTimestamp), base.GetTimestamp);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            CountCall(nameof(CreateTimer), () => base.CreateTimer(callback, state, dueTime, period));

        private T CountCall<T>(string name, Func<T> getValue) =>
            string.Equals(name, member, StringComparison.Ordinal) && Interlocked.Increment(ref _calls) == call
                ? throw new NotSupportedException(name)
                : getValue();
    }
}
