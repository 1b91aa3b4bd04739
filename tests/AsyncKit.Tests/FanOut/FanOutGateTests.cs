using System.Net;
using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>A gate that fan-outs share, and the outcomes that their items report to it.</summary>
public sealed class FanOutGateTests : IClassFixture<NothingLeftBehind>
{
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    [Fact]
    public void Fan_outs_that_share_a_gate_reach_its_limit_and_never_exceed_it() =>
        AsyncTest.Run(async context =>
        {
            var gate = new ConcurrencyGate(3);
            var (running, peak) = (0, 0);
            var options = new FanOutOptions { MaxConcurrency = 4, Gate = gate, TimeProvider = context.Time };

            await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => new int[6].FanOutAsync(options, async (_, token) =>
            {
                peak = Math.Max(peak, ++running);
                await Task.Delay(context.Random.Next(1, 5) * Millisecond, context.Time, token);
                running--;
            })));

            Assert.Equal(3, peak);
            Assert.Equal((0, 0), (gate.Active, gate.Waiting));
        }, new AsyncTestOptions { Schedules = 200 });

    [Fact]
    public void Every_permit_is_released_and_a_waiting_item_is_not_started_when_a_run_stops() =>
        AsyncTest.Run(async context =>
        {
            var random = context.Random;
            var gate = new ConcurrencyGate(random.Next(1, 3));
            using var caller = new CancellationTokenSource();
            var others = await gate.AcquireAsync(CancellationToken.None);
            var calls = new int[8];
            var options = new FanOutOptions
            {
                MaxConcurrency = random.Next(1, 5),
                Gate = gate,
                OnFailure = (FailureMode)random.Next(2),
                TimeProvider = context.Time,
            };
            var (failAt, cancelAfter, releaseAfter) = (random.Next(10), random.Next(12), random.Next(6));

            var run = new ProbedSource(8).AsAsync().FanOutReportAsync(options, async (item, token) =>
            {
                calls[item]++;
                await Task.Delay(Millisecond, context.Time, token);
                return item == failAt ? throw new FormatException() : item;
            }, caller.Token);
            await Task.Delay(releaseAfter * Millisecond, context.Time);
            others.Dispose();
            await Task.Delay(cancelAfter * Millisecond, context.Time);
            await caller.CancelAsync();
            var report = await run;

            Assert.Equal((0, 0), (gate.Active, gate.Waiting));
            Assert.All(report.Outcomes, outcome =>
            {
                Assert.Equal(calls[outcome.Index], outcome.Attempts);
                Assert.Equal(outcome.Attempts == 0, outcome.Kind == FanOutOutcomeKind.NotStarted);
            });
        }, new AsyncTestOptions { Schedules = World.Schedules(1_000) });

    [Fact]
    public void A_run_with_an_adaptive_gate_finds_the_right_concurrency() =>
        AsyncTest.Run(async context =>
        {
            const int Capacity = 20;
            var gate = new ConcurrencyGate(new AdaptiveLimit(1, 200)) { TimeProvider = context.Time };
            var (atOnce, throttled) = (0, 0);
            var options = new FanOutOptions
            {
                MaxConcurrency = 200,
                Gate = gate,
                OnFailure = FailureMode.RunToEnd,
                TimeProvider = context.Time,
            };

            await Enumerable.Range(0, 1_000).FanOutReportAsync(options, async (_, token) =>
            {
                if (atOnce == Capacity)
                {
                    throttled++;
                    await Task.Delay(Millisecond, context.Time, token);
                    throw new HttpRequestException("busy", null, HttpStatusCode.TooManyRequests);
                }

                atOnce++;
                await Task.Delay(context.Random.Next(8, 13) * Millisecond, context.Time, token);
                atOnce--;
            });

            Assert.InRange(gate.Limit, Capacity * 3 / 4, Capacity + 4);
            Assert.InRange(throttled, 1, 100); // Some failures are needed to find the limit.
        }, new AsyncTestOptions { Schedules = 5, MaxSteps = 1_000_000 });

    [Fact]
    public async Task Only_a_failure_that_IsThrottled_selects_lowers_the_limit_even_if_a_retry_succeeds()
    {
        var gate = new ConcurrencyGate(new AdaptiveLimit(1, 64) { Start = 64 });
        var options = new FanOutOptions
        {
            MaxConcurrency = 1,
            Gate = gate,
            OnFailure = FailureMode.RunToEnd,
            Retry = new RetryOptions { MaxAttempts = 2, Backoff = Backoff.None, ShouldRetry = _ => true },
        };
        var calls = 0;

        await new int[1].FanOutReportAsync(options, (_, _) => ValueTask.FromException<int>(new FormatException()));
        Assert.Equal(64, gate.Limit);

        await new int[1].FanOutReportAsync(options, (_, _) => ++calls == 1
            ? ValueTask.FromException<int>(new TimeoutException())
            : new ValueTask<int>(calls));
        Assert.InRange(gate.Limit, 1, 63);

        var limit = gate.Limit;
        await new int[1].FanOutReportAsync(
            options with { IsThrottled = exception => exception is FormatException },
            (_, _) => ValueTask.FromException<int>(new FormatException()));
        Assert.InRange(gate.Limit, 1, limit - 1);
    }

    [Fact]
    public async Task An_exception_from_IsThrottled_fails_the_item_and_the_permit_is_released()
    {
        var gate = new ConcurrencyGate(1);
        var options = new FanOutOptions
        {
            MaxConcurrency = 2,
            Gate = gate,
            IsThrottled = _ => throw new InvalidOperationException("evaluated"),
            OnFailure = FailureMode.RunToEnd,
        };

        var report = await new int[3].FanOutReportAsync(
            options, (_, _) => ValueTask.FromException<int>(new FormatException()));

        Assert.All(report.Failures, failure => Assert.Equal("evaluated", failure.Exception!.Message));
        Assert.Equal((3, 0), (report.FailedCount, gate.Active));
    }

    public static TheoryData<string, Func<FanOutOptions, CancellationToken, Task>> Nested() => new()
    {
        { "results", (options, token) => new int[2].FanOutAsync(options, (item, _) => new ValueTask<int>(item), token) },
        { "report", (options, token) => new int[2].FanOutReportAsync(options, (item, _) => new ValueTask<int>(item), token) },
        { "stream", (options, token) => ReadAsync(new int[2].FanOutStream(options, (item, _) => new ValueTask<int>(item), token)) },
        { "outcomes", (options, token) => ReadAsync(new int[2].FanOutOutcomes(options, (item, _) => new ValueTask<int>(item), token)) },
        { "blocking", async (options, token) =>
        {
            await using var lane = Lanes.Of(2);
            await new int[2].FanOutBlockingAsync(lane, options, (_, _) => { }, token);
        } },
        { "inside another gate", (options, token) => new int[1].FanOutAsync(
            options with { Gate = new ConcurrencyGate(1) },
            async (_, inner) => await new int[1].FanOutAsync(options, (_, _) => default(ValueTask), inner),
            token) },
        { "inside a child of a scope", async (options, token) =>
        {
            await using var scope = TaskScope.Open(null, token);
            _ = scope.Run(async inner => await new int[1].FanOutAsync(options, (_, _) => default(ValueTask), inner));
            await scope.JoinAsync();
        } },
    };

    [Theory]
    [MemberData(nameof(Nested), DisableDiscoveryEnumeration = true)]
    public async Task A_fan_out_inside_an_item_of_its_gate_is_refused_and_the_gate_is_named(
        string name, Func<FanOutOptions, CancellationToken, Task> nested)
    {
        foreach (var limit in (int[])[1, 2])
        {
            var options = new FanOutOptions { MaxConcurrency = 4, Gate = new ConcurrencyGate(limit) { Name = "api" } };

            var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => new int[4].FanOutAsync(
                options,
                async (_, token) =>
                {
                    await Task.Yield();
                    await nested(options, token);
                }).OrHangs());

            Assert.StartsWith("Gate must not be the gate of a fan-out around this one; it was ConcurrencyGate 'api'", refused.Message, StringComparison.Ordinal);
            Assert.True((0, 0) == (options.Gate.Active, options.Gate.Waiting), name);
        }
    }

    [Fact]
    public async Task A_source_that_is_a_fan_out_may_share_the_gate()
    {
        var options = new FanOutOptions { MaxConcurrency = 2, Gate = new ConcurrencyGate(1) };

        var results = await Enumerable.Range(0, 5).FanOutStream(options, (item, _) => new ValueTask<int>(item))
            .FanOutAsync(options, async (item, _) =>
            {
                await Task.Yield();
                return item + 1;
            }).OrHangs();

        Assert.Equal([1, 2, 3, 4, 5], results);
    }

    [Fact]
    public async Task Sequential_and_concurrent_runs_may_share_a_gate()
    {
        var options = new FanOutOptions { MaxConcurrency = 2, Gate = new ConcurrencyGate(1) };

        for (var round = 0; round < 3; round++)
        {
            await Task.WhenAll(
                new int[3].FanOutAsync(options, (_, _) => default(ValueTask)),
                new int[3].FanOutAsync(options, (_, _) => default(ValueTask))).OrHangs();
        }

        Assert.Equal(0, options.Gate.Active);
    }

    [Fact]
    public async Task Work_that_an_item_started_may_use_the_gate_after_the_run()
    {
        var options = new FanOutOptions { MaxConcurrency = 1, Gate = new ConcurrencyGate(1) };
        var isOver = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task? later = null;

        await new int[1].FanOutAsync(options, (_, _) =>
        {
            later = Task.Run(
                async () =>
                {
                    await isOver.Task;
                    await new int[1].FanOutAsync(options, (_, _) => default(ValueTask));
                },
                CancellationToken.None);
            return default(ValueTask);
        }).OrHangs();
        isOver.SetResult();

        await later!.OrHangs();
    }

    [Fact]
    public async Task A_fan_out_behind_a_paused_gate_waits_and_can_be_cancelled()
    {
        var gate = new ConcurrencyGate(0);
        var options = new FanOutOptions { MaxConcurrency = 2, Gate = gate };
        using var caller = new CancellationTokenSource();
        var cancelled = new int[5].FanOutReportAsync(options, (item, _) => new ValueTask<int>(item), caller.Token);
        await Hang.UntilAsync(() => gate.Waiting == 2);
        await caller.CancelAsync();
        var report = await cancelled.OrHangs();
        Assert.True(report.IsCancelled);
        Assert.All(report.Outcomes, outcome => Assert.Equal(FanOutOutcomeKind.NotStarted, outcome.Kind));

        var resumed = Enumerable.Range(0, 5).FanOutAsync(options, (item, _) => new ValueTask<int>(item));
        await Hang.UntilAsync(() => gate.Waiting == 2);
        gate.Limit = 1;

        var results = await resumed.OrHangs();
        Assert.Equal([0, 1, 2, 3, 4], results);
        Assert.Equal((0, 0), (gate.Active, gate.Waiting));
    }

    private static async Task ReadAsync<T>(IAsyncEnumerable<T> stream)
    {
        await foreach (var _ in stream)
        {
            // The first one is never reached.
        }
    }
}
