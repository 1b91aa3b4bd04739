using System.Threading.RateLimiting;
using AsyncKit.Testing;
using Polly;
using Polly.Retry;

namespace AsyncKit.Tests;

/// <summary>The options that add a step around each item: limits, retries, pipelines and rates, alone and
/// combined.</summary>
public sealed class FanOutItemOptionsTests : IClassFixture<NothingLeftBehind>
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void An_item_over_its_timeout_fails_with_a_TimeoutException_that_names_it() =>
        AsyncTest.Run(async context =>
        {
            var options = Options(context) with
            {
                ItemTimeout = Second,
                Name = "pages",
                OnFailure = FailureMode.RunToEnd,
            };

            var report = await Enumerable.Range(0, 4).FanOutReportAsync(options, async (item, token) =>
            {
                await Task.Delay(item == 2 ? 3 * Second : Second / 2, context.Time, token);
                return item;
            });

            Assert.Equal([0, 1, 3], report.Values);
            var failure = Assert.Single(report.Failures);
            Assert.IsType<TimeoutException>(failure.Exception);
            Assert.Contains("Item 2 of 'pages'", failure.Exception.Message, StringComparison.Ordinal);
            Assert.Contains("limit of 1 s", failure.Exception.Message, StringComparison.Ordinal);
            Assert.Equal(Second, failure.Duration);
        });

    [Fact]
    public void A_success_after_the_timeout_is_a_success_because_the_item_is_awaited() =>
        AsyncTest.Run(async context =>
        {
            var options = Options(context) with { ItemTimeout = Second };

            var results = await new[] { 7 }.FanOutAsync(options, async (item, _) =>
            {
                await Task.Delay(2 * Second, context.Time, CancellationToken.None);
                return item;
            });

            Assert.Equal([7], results);
        });

    [Fact]
    public void An_exception_from_a_callback_on_the_token_of_an_item_fails_the_item() =>
        AsyncTest.Run(async context =>
        {
            var gate = new TestGate();
            var options = Options(context) with { ItemTimeout = Second, Retry = new RetryOptions { AttemptTimeout = Second } };

            var run = new[] { 0, 1 }.FanOutAsync(options, async (item, token) =>
            {
                if (item == 0)
                {
                    await gate.ArrivedAsync(1);
                    throw new InvalidOperationException("first");
                }

                token.Register(() => throw new NotSupportedException("callback"));
                await gate.PassAsync(token);
                return item;
            });
            await Assert.ThrowsAsync<InvalidOperationException>(() => run);

            Assert.Equal(["first", "callback"], run.Exception!.InnerExceptions.Select(one => one.Message), StringComparer.Ordinal);
        });

    [Fact]
    public void A_failed_item_is_retried_and_its_outcome_and_the_progress_count_the_attempts() =>
        AsyncTest.Run(async context =>
        {
            var calls = new int[4];
            FanOutProgress? last = null;
            var options = Options(context) with
            {
                Retry = new RetryOptions { MaxAttempts = 3 },
                OnFailure = FailureMode.RunToEnd,
                Progress = new Receiver(progress => last = progress),
            };

            var report = await Enumerable.Range(0, 4).FanOutReportAsync(options, async (item, _) =>
            {
                await Task.Yield();
                var call = ++calls[item];
                return call <= item ? throw new TimeoutException($"{item}.{call}") : item;
            });

            Assert.Equal([1, 2, 3, 3], report.Outcomes.Select(outcome => outcome.Attempts));
            Assert.Equal([0, 1, 2], report.Values);
            var failure = Assert.Single(report.Failures);
            Assert.Equal("3.3", failure.Exception!.Message);
            Assert.Equal(3, failure.Exception.Data["AsyncKit.Attempts"]);
            Assert.Equal(5, last!.Retried);
            Assert.Equal((4, 3, 1), (last.Started, last.Succeeded, last.Failed));
        });

    [Fact]
    public void An_item_keeps_its_slot_while_it_waits_for_a_retry() =>
        AsyncTest.Run(async context =>
        {
            var order = new List<string>();
            var options = Options(context) with
            {
                MaxConcurrency = 1,
                Retry = new RetryOptions { Backoff = Backoff.Constant(Second) },
            };

            await new[] { 0, 1 }.FanOutAsync(options, async (item, _) =>
            {
                await Task.Yield();
                order.Add($"{item} at {context.Time.GetUtcNow().Second % 60}");
                if (order.Count == 1)
                {
                    throw new TimeoutException();
                }
            });

            var first = int.Parse(order[0][5..], System.Globalization.CultureInfo.InvariantCulture);
            Assert.Equal([$"0 at {first}", $"0 at {(first + 1) % 60}", $"1 at {(first + 1) % 60}"], order);
        });

    [Fact]
    public void ItemTimeout_interrupts_the_wait_between_two_attempts() =>
        AsyncTest.Run(async context =>
        {
            var start = context.Time.GetTimestamp();
            var calls = 0;
            var options = Options(context) with
            {
                ItemTimeout = 10 * Second,
                Retry = new RetryOptions { MaxAttempts = 100, Backoff = Backoff.Constant(4 * Second) },
            };

            var thrown = await Assert.ThrowsAsync<TimeoutException>(() => new[] { 0 }.FanOutAsync(options, (_, _) =>
            {
                calls++;
                return ValueTask.FromException<int>(new HttpRequestException("down"));
            }));

            Assert.Equal(3, calls);
            Assert.Equal(10 * Second, context.Time.GetElapsedTime(start));
            Assert.IsType<HttpRequestException>(thrown.InnerException!.InnerException);
        });

    [Fact]
    public void A_cancellation_of_the_run_is_never_retried() =>
        AsyncTest.Run(async context =>
        {
            using var caller = new CancellationTokenSource();
            var calls = 0;
            var options = Options(context) with { Retry = new RetryOptions { ShouldRetry = _ => true } };

            var run = new int[2].FanOutAsync(options, async (_, token) =>
            {
                if (++calls == 2)
                {
                    await caller.CancelAsync();
                }

                await Task.Delay(Timeout.InfiniteTimeSpan, context.Time, token);
            }, caller.Token);

            var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
            Assert.Equal(caller.Token, thrown.CancellationToken);
            Assert.Equal(2, calls);
        });

    [Fact]
    public void Retries_use_the_clock_of_the_run() =>
        AsyncTest.Run(async context =>
        {
            var calls = 0;
            var start = context.Time.GetTimestamp();
            var options = Options(context) with { Retry = new RetryOptions { Backoff = Backoff.Constant(60 * Second) } };

            await new[] { 0 }.FanOutAsync(options, (_, _) =>
                ++calls < 3 ? ValueTask.FromException(new TimeoutException()) : default);

            Assert.Equal(120 * Second, context.Time.GetElapsedTime(start));
        });

    [Fact]
    public async Task A_Polly_pipeline_executes_each_item_and_its_attempts_are_counted()
    {
        var pipeline = new ResiliencePipelineBuilder()
            .AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = 2,
                Delay = TimeSpan.Zero,
                ShouldHandle = new PredicateBuilder().Handle<FormatException>(),
            })
            .Build();
        var options = new FanOutOptions { MaxConcurrency = 2, Pipeline = pipeline, OnFailure = FailureMode.RunToEnd };
        var calls = 0;

        var report = await new[] { 1, 2 }.FanOutReportAsync(options, (item, _) => item == 2
            ? ValueTask.FromException<int>(new FormatException($"call {Interlocked.Increment(ref calls)}"))
            : new ValueTask<int>(item));

        Assert.Equal([1, 3], report.Outcomes.Select(outcome => outcome.Attempts));
        Assert.Equal("call 3", Assert.Single(report.Failures).Exception!.Message);
    }

    [Fact]
    public async Task Every_start_acquires_one_lease_of_the_rate_limiter_and_disposes_it()
    {
        await using var limiter = new ScriptedLimiter();
        var options = new FanOutOptions { MaxConcurrency = 3, StartRate = limiter, OnFailure = FailureMode.RunToEnd };

        var report = await Enumerable.Range(0, 20).FanOutReportAsync(options, async (item, _) =>
        {
            Assert.True(limiter.Granted - limiter.Returned is >= 1 and <= 3);
            await Task.Yield();
            return item % 3 == 0 ? throw new FormatException() : item;
        });

        Assert.Equal((7, 13), (report.FailedCount, report.SucceededCount));
        Assert.Equal((20, 20, 20), (limiter.Asked, limiter.Granted, limiter.Returned));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_attempt_acquires_one_lease_of_the_rate_limiter(bool isPipeline)
    {
        await using var limiter = new ScriptedLimiter();
        var options = new FanOutOptions
        {
            MaxConcurrency = 2,
            StartRate = limiter,
            Retry = isPipeline ? null : new RetryOptions { MaxAttempts = 3, Backoff = Backoff.None, ShouldRetry = _ => true },
            Pipeline = isPipeline ? new ResiliencePipelineBuilder().AddRetry(
                new RetryStrategyOptions { MaxRetryAttempts = 2, Delay = TimeSpan.Zero }).Build() : null,
            OnFailure = FailureMode.RunToEnd,
        };

        var report = await Enumerable.Range(0, 4).FanOutReportAsync(options, async (item, _) =>
        {
            Assert.True(limiter.Granted - limiter.Returned is >= 1 and <= 2);
            await Task.Yield();
            throw new FormatException();
        });

        Assert.All(report.Outcomes, outcome => Assert.IsType<FormatException>(outcome.Exception));
        Assert.Equal((12, 12, 12), (limiter.Asked, limiter.Granted, limiter.Returned));
    }

    [Fact]
    public void A_ConcurrencyLimiter_with_one_permit_as_start_rate_does_not_block_a_retry() =>
        AsyncTest.Run(async context =>
        {
            await using var limiter = new ConcurrencyLimiter(new ConcurrencyLimiterOptions { PermitLimit = 1, QueueLimit = 9 });
            var attempts = 0;
            var options = Options(context) with
            {
                StartRate = limiter,
                Retry = new RetryOptions { Backoff = Backoff.None, ShouldRetry = _ => true },
            };

            var results = await new[] { 4 }.FanOutAsync(options, (item, _) => ++attempts < 3
                ? throw new FormatException()
                : new ValueTask<int>(item));

            Assert.Equal([4], results);
            Assert.Equal(1, limiter.GetStatistics()!.CurrentAvailablePermits);
        });

    [Fact]
    public void An_item_that_no_attempt_started_disposes_its_lease() => AsyncTest.Run(async context =>
    {
        await using var limiter = new ScriptedLimiter();
        var options = Options(context) with { StartRate = limiter, ItemTimeout = TimeSpan.Zero };

        var report = await new[] { 4 }.FanOutReportAsync(options, (item, _) => new ValueTask<int>(item));

        Assert.Equal(1, report.FailedCount);
        Assert.Equal((1, 1), (limiter.Granted, limiter.Returned));
    });

    [Fact]
    public void A_rejected_lease_is_not_an_error_and_is_retried_after_its_hint() =>
        AsyncTest.Run(async context =>
        {
            await using var limiter = new ScriptedLimiter(refusals: 2, retryAfter: 5 * Second);
            var start = context.Time.GetTimestamp();
            var options = Options(context) with { MaxConcurrency = 1, StartRate = limiter };

            var results = await new[] { 4 }.FanOutAsync(options, (item, _) => new ValueTask<int>(item));

            Assert.Equal([4], results);
            Assert.Equal(10 * Second, context.Time.GetElapsedTime(start));
            Assert.Equal((3, 1, 1), (limiter.Asked, limiter.Granted, limiter.Returned));
        });

    [Fact]
    public void A_rejected_lease_without_a_hint_is_retried_after_50_ms() =>
        AsyncTest.Run(async context =>
        {
            await using var limiter = new ScriptedLimiter(refusals: 1);
            var start = context.Time.GetTimestamp();

            await new int[1].FanOutAsync(Options(context) with { StartRate = limiter }, (_, _) => default(ValueTask));

            Assert.Equal(TimeSpan.FromMilliseconds(50), context.Time.GetElapsedTime(start));
        });

    [Fact]
    public void ItemTimeout_starts_with_the_operation_and_not_with_the_wait_for_the_start() =>
        AsyncTest.Run(async context =>
        {
            await using var limiter = new ScriptedLimiter(refusals: 1, retryAfter: 60 * Second);
            var options = Options(context) with { StartRate = limiter, ItemTimeout = Second };

            var report = await new[] { 1 }.FanOutReportAsync(options, async (item, token) =>
            {
                await Task.Delay(Second / 2, context.Time, token);
                return item;
            });

            Assert.Equal(Second / 2, Assert.Single(report.Outcomes).Duration);
        });

    [Fact]
    public void An_item_that_waits_for_its_start_when_the_run_stops_is_not_started() =>
        AsyncTest.Run(async context =>
        {
            using var caller = new CancellationTokenSource();
            await using var limiter = new ScriptedLimiter(refusals: int.MaxValue);
            FanOutProgress? last = null;
            var options = Options(context) with { StartRate = limiter, Progress = new Receiver(progress => last = progress) };

            var run = new ProbedSource(10).AsAsync().FanOutReportAsync(
                options, (_, _) => throw new InvalidOperationException("It may not start."), caller.Token);
            await context.AdvanceAsync(Second);
            await caller.CancelAsync();
            var report = await run;

            Assert.True(report.IsCancelled);
            Assert.NotEmpty(report.Outcomes);
            Assert.All(report.Outcomes, outcome => Assert.Equal(
                (FanOutOutcomeKind.NotStarted, 0, null), (outcome.Kind, outcome.Attempts, outcome.Exception)));
            Assert.Equal(0, last!.InFlight);
        });

    [Fact]
    public async Task An_exception_from_the_limiter_fails_the_item()
    {
        await using var limiter = new ScriptedLimiter { Before = _ => throw new FormatException("no rate") };
        FanOutProgress? last = null;

        var report = await new int[3].FanOutReportAsync(
            new FanOutOptions
            {
                MaxConcurrency = 1,
                StartRate = limiter,
                OnFailure = FailureMode.RunToEnd,
                Progress = new Receiver(progress => last = progress),
            },
            (item, _) => new ValueTask<int>(item));

        Assert.Equal(3, report.FailedCount);
        Assert.All(report.Outcomes, outcome => Assert.Equal("no rate", outcome.Exception!.Message));
        Assert.Equal((3, 3, 0), (last!.Started, last.Failed, last.InFlight));
    }

    [Fact]
    public void Options_that_contradict_each_other_throw_at_the_call_with_the_reason()
    {
        var plain = new FanOutOptions { MaxConcurrency = 1 };
        FanOutOptions[] wrong =
        [
            plain with { Pipeline = ResiliencePipeline.Empty, Retry = new RetryOptions() },
            plain with { Pipeline = ResiliencePipeline.Empty, ItemTimeout = Second },
            plain with { OnSlowItem = _ => { } },
            plain with { SlowItemThreshold = Second },
        ];

        foreach (var options in wrong)
        {
            foreach (Action call in new Action[]
            {
                () => _ = new int[1].FanOutAsync(options, (_, _) => default(ValueTask)),
                () => _ = new int[1].FanOutStream(options, (item, _) => new ValueTask<int>(item)),
                () => _ = new int[1].FanOutOutcomes(options, (item, _) => new ValueTask<int>(item)),
                () => _ = new int[1].FanOutReportAsync(options, (item, _) => new ValueTask<int>(item)),
            })
            {
                var refused = Assert.Throws<ArgumentException>("options", call);
                Assert.Matches("must be null|requires", refused.Message);
            }
        }
    }

    [Fact]
    public void Invalid_values_throw_when_they_are_set()
    {
        var plain = new FanOutOptions { MaxConcurrency = 1 };

        Assert.Throws<ArgumentOutOfRangeException>("ItemTimeout", () => plain with { ItemTimeout = -Second });
        Assert.Throws<ArgumentOutOfRangeException>("SlowItemThreshold", () => plain with { SlowItemThreshold = TimeSpan.Zero });
        Assert.Equal(Timeout.InfiniteTimeSpan, (plain with { ItemTimeout = Timeout.InfiniteTimeSpan }).ItemTimeout);
    }

    private static FanOutOptions Options(AsyncTestContext context) => new()
    {
        MaxConcurrency = 2,
        OnFailure = FailureMode.StopAtFirst,
        TimeProvider = context.Time,
    };

    private sealed class Receiver(Action<FanOutProgress> receive) : IProgress<FanOutProgress>
    {
        public void Report(FanOutProgress value) => receive(value);
    }
}
