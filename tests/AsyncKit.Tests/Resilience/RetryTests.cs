using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>The failures that are retried, the delays, and the last exception, on virtual time.</summary>
public sealed class RetryTests : IClassFixture<NothingLeftBehind>
{
    private static readonly AsyncTestOptions FiftySchedules = new() { Schedules = 50 };

    private static readonly RetryOptions EverySecond = new() { Backoff = Backoff.Constant(TimeSpan.FromSeconds(1)) };

    [Fact]
    public void A_transient_failure_is_retried_until_an_attempt_succeeds() => AsyncTest.Run(async context =>
    {
        var script = new Script(new TimeoutException("1"), new HttpRequestException("2"), null);
        var retries = new List<RetryAttempt>();
        var log = new LogLines();

        var result = await Retry.RunAsync(
            script.RunAsync, EverySecond with { OnRetry = retries.Add, Logger = log, Name = "it" });

        Assert.Equal((3, 3), (result, script.Attempts));
        Assert.Equal(TimeSpan.FromSeconds(2), context.Time.Elapsed);
        Assert.Equal([(1, TimeSpan.FromSeconds(1), "1"), (2, TimeSpan.FromSeconds(1), "2")],
            retries.Select(retry => (retry.Attempt, retry.Delay, retry.Exception.Message)));
        Assert.Equal("'it' failed on attempt 1; retrying in 1 s.", log.All[0].Text);
        Assert.Equal(2, log.All.Count);
    }, FiftySchedules);

    [Fact]
    public void The_last_exception_keeps_its_stack_and_contains_the_attempts_and_earlier_exceptions() =>
        AsyncTest.Run(async context =>
        {
            Exception[] failures =
                [new TimeoutException("1"), new HttpRequestException("2"), new HttpRequestException("3")];
            var script = new Script(failures);

            var thrown = await Record.ExceptionAsync(
                async () => await Retry.RunAsync(script.RunAsync, EverySecond with { MaxAttempts = 3 }));

            Assert.Same(failures[2], thrown);
            Assert.Contains(nameof(Script.ThrowHere), thrown.StackTrace, StringComparison.Ordinal);
            Assert.Equal(3, thrown.Data["AsyncKit.Attempts"]);
            Assert.Equal(failures[..2], thrown.Data["AsyncKit.EarlierExceptions"]);
        }, FiftySchedules);

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void A_permanent_failure_is_thrown_without_a_retry(int maxAttempts) => AsyncTest.Run(async context =>
    {
        var script = new Script(new FormatException(), null);

        var thrown = await Assert.ThrowsAsync<FormatException>(
            async () => await Retry.RunAsync(script.RunAsync, EverySecond with { MaxAttempts = maxAttempts }));

        Assert.Equal((1, TimeSpan.Zero), (script.Attempts, context.Time.Elapsed));
        Assert.Equal(1, thrown.Data["AsyncKit.Attempts"]);
        Assert.Null(thrown.Data["AsyncKit.EarlierExceptions"]);
    }, FiftySchedules);

    [Fact]
    public void A_cancellation_by_the_caller_is_never_retried() => AsyncTest.Run(async context =>
    {
        using var caller = new CancellationTokenSource(TimeSpan.FromSeconds(1), context.Time);
        var attempts = 0;

        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Retry.RunAsync(
            token =>
            {
                attempts++;
                return Task.Delay(Timeout.Infinite, token);
            },
            EverySecond with { ShouldRetry = _ => true },
            caller.Token));

        Assert.Equal((1, caller.Token), (attempts, thrown.CancellationToken));
    }, FiftySchedules);

    [Fact]
    public void A_cancellation_by_the_caller_interrupts_the_delay() => AsyncTest.Run(async context =>
    {
        using var caller = new CancellationTokenSource(TimeSpan.FromSeconds(1), context.Time);
        var failure = new TimeoutException("1");
        var script = new Script(failure, null);

        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Retry.RunAsync(
            script.RunAsync, EverySecond with { Backoff = Backoff.Constant(TimeSpan.FromHours(1)) }, caller.Token));

        Assert.Equal(TimeSpan.FromSeconds(1), context.Time.Elapsed);
        Assert.Equal((1, caller.Token), (script.Attempts, thrown.CancellationToken));
        Assert.Same(failure, thrown.InnerException);
    }, FiftySchedules);

    [Fact]
    public void An_attempt_timeout_is_retried_even_if_ShouldRetry_returns_false() => AsyncTest.Run(async context =>
    {
        var attempts = 0;
        var options = EverySecond with
        {
            AttemptTimeout = TimeSpan.FromSeconds(2),
            ShouldRetry = _ => false,
            MaxAttempts = 3,
            Name = "call",
        };

        var thrown = await Assert.ThrowsAsync<TimeoutException>(async () => await Retry.RunAsync(
            token =>
            {
                attempts++;
                return Task.Delay(Timeout.Infinite, token);
            },
            options));

        Assert.Equal((3, TimeSpan.FromSeconds(8)), (attempts, context.Time.Elapsed));
        Assert.Equal("'call' was stopped by its limit of 2 s, after 2 s.", thrown.Message);
        Assert.Equal(3, thrown.Data["AsyncKit.Attempts"]);
        Assert.Equal(2, ((Exception[])thrown.Data["AsyncKit.EarlierExceptions"]!).Length);
    }, FiftySchedules);

    [Fact]
    public void A_timeout_inside_a_cancellation_is_retried_and_other_cancellations_are_not() => AsyncTest.Run(async context =>
    {
        var unrelated = new Script(new OperationCanceledException("unrelated"), null);
        var http = new Script(
            new TaskCanceledException("http", new TimeoutException()),
            new OperationCanceledException("slow", new TimeoutException()),
            new AggregateException(new OperationCanceledException("waited for", new TimeoutException())),
            null);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await Retry.RunAsync(unrelated.RunAsync, EverySecond with { ShouldRetry = _ => true }));
        await Retry.RunAsync(http.RunAsync, EverySecond);

        Assert.Equal((1, 4), (unrelated.Attempts, http.Attempts));
    }, FiftySchedules);

    [Fact]
    public void A_cancellation_by_an_inner_caller_is_not_retried_even_if_a_timeout_came_before_it() =>
        AsyncTest.Run(async context =>
        {
            using var inner = new CancellationTokenSource(TimeSpan.FromSeconds(1), context.Time);
            var attempts = 0;

            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Retry.RunAsync(
                async _ => await Retry.RunAsync(
                    Task (_) =>
                    {
                        attempts++;
                        throw new TimeoutException();
                    },
                    EverySecond with { Backoff = Backoff.Constant(TimeSpan.FromHours(1)) },
                    inner.Token),
                EverySecond));

            Assert.Equal((1, TimeSpan.FromSeconds(1)), (attempts, context.Time.Elapsed));
        }, FiftySchedules);

    [Theory]
    [InlineData(-1, 2, 1)]
    [InlineData(int.MinValue, 2, 1)]
    [InlineData(0, 2, 0)]
    [InlineData(20, 2, 20)]
    [InlineData(30, 2, 30)]
    [InlineData(31, 1, 0)]
    public void A_delay_hint_is_used_up_to_its_cap_and_a_negative_one_is_no_hint(int hint, int attempts, int delay) => AsyncTest.Run(async context =>
    {
        var failure = new TimeoutException("1");
        var script = new Script(failure, null);

        var thrown = await Record.ExceptionAsync(async () => await Retry.RunAsync(
            script.RunAsync, EverySecond with { DelayHint = _ => TimeSpan.FromSeconds(hint) }));

        Assert.Equal((attempts, TimeSpan.FromSeconds(delay)), (script.Attempts, context.Time.Elapsed));
        Assert.Same(attempts == 1 ? failure : null, thrown);
    }, FiftySchedules);

    [Fact]
    public void The_backoff_continues_from_its_own_delay_after_a_hint() => AsyncTest.Run(async context =>
    {
        var delays = new List<TimeSpan>();
        var script = new Script([.. Enumerable.Range(1, 6).Select(number => new TimeoutException($"{number}"))]);
        var options = new RetryOptions
        {
            Backoff = Backoff.Exponential(TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)),
            MaxAttempts = 6,
            DelayHint = failure => failure.Message is "1" or "2" ? TimeSpan.FromSeconds(30) : null,
            OnRetry = retry => delays.Add(retry.Delay),
        };

        await Assert.ThrowsAsync<TimeoutException>(async () => await Retry.RunAsync(script.RunAsync, options));

        Assert.Equal([TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(30)], delays[..2]);
        Assert.InRange(delays[2], TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3));
    }, FiftySchedules);

    [Fact]
    public void A_delay_never_exceeds_the_rest_of_the_total_timeout() => AsyncTest.Run(async context =>
    {
        var script = new Script(new TimeoutException("1"), new TimeoutException("2"), new TimeoutException("3"));

        var thrown = await Assert.ThrowsAsync<TimeoutException>(async () => await Retry.RunAsync(
            script.RunAsync,
            EverySecond with
            {
                Backoff = Backoff.Constant(TimeSpan.FromSeconds(3)),
                TotalTimeout = TimeSpan.FromSeconds(5),
            }));

        Assert.Equal(("2", 2), (thrown.Message, script.Attempts));
        Assert.Equal(TimeSpan.FromSeconds(3), context.Time.Elapsed);
    }, FiftySchedules);

    [Fact]
    public void The_total_timeout_stops_an_attempt_and_keeps_earlier_failures() => AsyncTest.Run(async context =>
    {
        var earlier = new HttpRequestException("1");
        var attempts = 0;

        var thrown = await Assert.ThrowsAsync<TimeoutException>(async () => await Retry.RunAsync(
            async token =>
            {
                if (++attempts == 1)
                {
                    throw earlier;
                }

                await Task.Delay(Timeout.Infinite, token);
            },
            EverySecond with { TotalTimeout = TimeSpan.FromSeconds(5), AttemptTimeout = TimeSpan.FromSeconds(10) }));

        Assert.Equal("The operation was stopped by its limit of 5 s, after 5 s.", thrown.Message);
        Assert.Equal((2, TimeSpan.FromSeconds(5)), (attempts, context.Time.Elapsed));
        Assert.Equal(2, thrown.Data["AsyncKit.Attempts"]);
        Assert.Equal([earlier], (Exception[])thrown.Data["AsyncKit.EarlierExceptions"]!);
    }, FiftySchedules);

    [Fact]
    public void An_exhausted_budget_throws_the_last_exception_without_a_retry() => AsyncTest.Run(async context =>
    {
        var budget = new RetryBudget(ratio: 0.5, minPerSecond: 0);
        var failure = new TimeoutException("1");
        var first = new Script(failure, null);
        var second = new Script(new TimeoutException("2"), null);

        Assert.Same(failure, await Record.ExceptionAsync(
            async () => await Retry.RunAsync(first.RunAsync, EverySecond with { Budget = budget })));
        await Retry.RunAsync(second.RunAsync, EverySecond with { Budget = budget });

        Assert.Equal((1, 2), (first.Attempts, second.Attempts));
    }, FiftySchedules);

    [Fact]
    public void All_items_of_a_run_share_the_budget() => AsyncTest.Run(async context =>
    {
        var attempts = 0;
        Func<int, CancellationToken, Task> fails = async (_, _) =>
        {
            attempts++;
            await Task.Yield();
            throw new TimeoutException();
        };
        var budget = new RetryBudget(ratio: 0.1, minPerSecond: 0);
        var options = new RetryOptions { Backoff = Backoff.None, Budget = budget };

        await Assert.ThrowsAsync<FanOutException>(() => Enumerable.Range(0, 40).FanOutAsync(
            new FanOutOptions { MaxConcurrency = 4, OnFailure = FailureMode.RunToEnd }, fails.WithRetry(options)));

        Assert.Equal(44, attempts);
    }, FiftySchedules);

    [Fact]
    public void An_item_of_a_fan_out_keeps_its_slot_while_its_retry_waits() => AsyncTest.Run(async context =>
    {
        var order = new List<int>();
        Func<int, CancellationToken, ValueTask> fails = (item, _) =>
        {
            order.Add(item);
            return item == 0 && order.Count == 1 ? throw new TimeoutException() : default;
        };

        await Enumerable.Range(0, 3).FanOutAsync(1, fails.WithRetry(EverySecond));

        Assert.Equal([0, 0, 1, 2], order);
    }, FiftySchedules);

    [Fact]
    public void An_exception_of_an_options_callback_contains_the_failure() => AsyncTest.Run(async context =>
    {
        var own = new NotSupportedException("callback");
        foreach (var options in (RetryOptions[])[
            EverySecond with { ShouldRetry = _ => throw own },
            EverySecond with { DelayHint = _ => throw own },
            EverySecond with { OnRetry = _ => throw own },
        ])
        {
            var failure = new TimeoutException("1");

            var thrown = await Record.ExceptionAsync(
                async () => await Retry.RunAsync(new Script(failure, null).RunAsync, options));

            Assert.Same(own, thrown);
            Assert.Equal([failure], (Exception[])thrown.Data["AsyncKit.EarlierExceptions"]!);
        }
    }, FiftySchedules);

    [Fact]
    public void A_logger_that_throws_does_not_stop_the_retries() => AsyncTest.Run(async context =>
        Assert.Equal(2, await Retry.RunAsync(
            new Script(new TimeoutException(), null).RunAsync,
            EverySecond with { Logger = new LogLines { Fault = new FormatException() } })), FiftySchedules);

    [Fact]
    public async Task A_long_series_of_attempts_keeps_at_most_100_earlier_exceptions()
    {
        var attempts = 0;

        var thrown = await Assert.ThrowsAsync<TimeoutException>(async () => await Retry.RunAsync(
            Task (_) => throw new TimeoutException($"{++attempts}"),
            new RetryOptions { MaxAttempts = 500, Backoff = Backoff.None }));

        var earlier = (Exception[])thrown.Data["AsyncKit.EarlierExceptions"]!;
        Assert.Equal((500, 100), (thrown.Data["AsyncKit.Attempts"], earlier.Length));
        Assert.Equal("1 401 499", $"{earlier[0].Message} {earlier[1].Message} {earlier[^1].Message}");
    }

    [Fact]
    public void Attempts_never_overlap() => AsyncTest.Run(async context =>
    {
        var (running, attempts) = (0, 0);

        await Assert.ThrowsAsync<TimeoutException>(async () => await Retry.RunAsync(
            async token =>
            {
                Assert.Equal(1, ++running);
                try
                {
                    attempts++;
                    await Task.Delay(TimeSpan.FromSeconds(5), context.Time, CancellationToken.None); // No token.
                    token.ThrowIfCancellationRequested();
                }
                finally
                {
                    running--;
                }
            },
            EverySecond with { AttemptTimeout = TimeSpan.FromSeconds(1) }));

        Assert.Equal(4, attempts);
    }, FiftySchedules);

    /// <summary>An operation whose attempts throw the given exceptions in order. For null the attempt returns its
    /// number.</summary>
    private sealed class Script(params Exception?[] failures)
    {
        public int Attempts { get; private set; }

        public async Task<int> RunAsync(CancellationToken token)
        {
            var failure = failures[Attempts++];
            await Task.Yield();
            return failure is null ? Attempts : ThrowHere(failure);
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        public static int ThrowHere(Exception failure) => throw failure;
    }
}
