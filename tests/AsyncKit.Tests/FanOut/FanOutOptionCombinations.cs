using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>Random combinations of options: the run keeps the contract, or the call throws.</summary>
public sealed class FanOutOptionCombinations : IClassFixture<NothingLeftBehind>
{
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    [Fact]
    public void Every_combination_of_options_works_or_throws_at_the_call() =>
        AsyncTest.Run(async context =>
        {
            var random = context.Random;
            var count = random.Next(12);
            var items = new ProbedSource(count);
            await using var limiter = new ScriptedLimiter(random.Next(4), random.Next(2) == 0 ? null : random.Next(1, 9) * Millisecond);
            var last = default(FanOutProgress);
            var gate = new ConcurrencyGate(random.Next(1, 4));
            using var drain = new CancellationTokenSource();
            var options = Draw(random, limiter, progress => last = progress) with
            {
                DrainToken = random.Next(2) == 0 ? drain.Token : default,
                Gate = random.Next(2) == 0 ? gate : null,
                Partition = random.Next(2) == 0 ? FanOutPartition.By((int item) => item % 3, random.Next(1, 3)) : null,
            };
            var lengths = Enumerable.Range(0, count).Select(_ => random.Next(0, 40)).ToArray();
            var fates = Enumerable.Range(0, count).Select(_ => random.Next(8)).ToArray();
            using var caller = new CancellationTokenSource();
            var cancelling = random.Next(3) == 0 ? CancelAsync(context, caller, random.Next(60)) : Task.CompletedTask;
            var draining = random.Next(2) == 0 ? CancelAsync(context, drain, random.Next(60)) : Task.CompletedTask;
            var (running, peak, calls) = (0, 0, new int[count]);

            FanOutReport<int, int> report;
            try
            {
                report = await items.AsAsync().FanOutReportAsync(options, OperateAsync, caller.Token);
            }
            catch (ArgumentException refused)
            {
                Assert.Equal("options", refused.ParamName);
                Assert.True(options is { OnSlowItem: null, SlowItemThreshold: not null, Logger: null });
                await Task.WhenAll(cancelling, draining);
                return;
            }

            await Task.WhenAll(cancelling, draining);
            Assert.Equal(0, running);
            Assert.InRange(peak, 0, Math.Min(options.MaxConcurrency, options.Gate?.Limit ?? int.MaxValue));
            Assert.Equal((0, 0), (gate.Active, gate.Waiting));
            Assert.Equal(Enumerable.Range(0, report.Outcomes.Count), report.Outcomes.Select(outcome => outcome.Index));
            Assert.All(report.Outcomes, outcome => Assert.Equal(calls[outcome.Index], outcome.Attempts));
            Assert.All(calls, made => Assert.InRange(made, 0, options.Retry?.MaxAttempts ?? 1));
            Assert.Equal(limiter.Granted, limiter.Returned);
            Assert.True(options.DrainToken.IsCancellationRequested || !report.IsDrained);
            if (options.StartRate is not null)
            {
                Assert.Equal(calls.Sum(), limiter.Granted); // Each attempt counts.
            }

            if (!report.IsCancelled && (options.OnFailure == FailureMode.RunToEnd || report.FailedCount == 0))
            {
                Assert.Equal(
                    report.IsDrained ? report.Outcomes.Count : count, report.SucceededCount + report.FailedCount);
            }

            if (last is not null)
            {
                Assert.Equal(0, last.InFlight);
                Assert.Equal((report.SucceededCount, report.FailedCount), (last.Succeeded, last.Failed));
                Assert.Equal(calls.Sum(made => Math.Max(made - 1, 0)), last.Retried);
            }

            async Task<int> OperateAsync(int item, CancellationToken token)
            {
                calls[item]++;
                peak = Math.Max(peak, ++running);
                try
                {
                    await Task.Delay(lengths[item] * Millisecond, context.Time, token);
                    return fates[item] switch
                    {
                        0 => throw new FormatException(),
                        1 or 2 when calls[item] <= fates[item] => throw new TimeoutException(),
                        _ => item,
                    };
                }
                finally
                {
                    running--;
                }
            }
        }, new AsyncTestOptions { Schedules = World.Schedules(1_000) });

    private static FanOutOptions Draw(Random random, ScriptedLimiter limiter, Action<FanOutProgress> receive)
    {
        bool IsSet() => random.Next(2) == 0;
        return new FanOutOptions
        {
            MaxConcurrency = random.Next(1, 6),
            OnFailure = (FailureMode)random.Next(2),
            ItemTimeout = IsSet() ? random.Next(1, 60) * Millisecond : null,
            Retry = IsSet() ? Retry(random) : null,
            StartRate = IsSet() ? limiter : null,
            SlowItemThreshold = IsSet() ? random.Next(1, 30) * Millisecond : null,
            OnSlowItem = null,
            Logger = IsSet() ? new LogLines() : null,
            Name = IsSet() ? "drawn" : null,
            Progress = IsSet() ? new Receiver(receive) : null,
            ProgressInterval = random.Next(1, 20) * Millisecond,
        };
    }

    private static RetryOptions Retry(Random random) => new()
    {
        MaxAttempts = random.Next(1, 4),
        Backoff = random.Next(2) == 0 ? Backoff.None : Backoff.Exponential(Millisecond, 9 * Millisecond),
        AttemptTimeout = random.Next(3) == 0 ? random.Next(1, 40) * Millisecond : null,
        TotalTimeout = random.Next(3) == 0 ? random.Next(1, 90) * Millisecond : null,
    };

    private static async Task CancelAsync(AsyncTestContext context, CancellationTokenSource caller, int after)
    {
        await Task.Delay(after * Millisecond, context.Time);
        await caller.CancelAsync();
    }

    private sealed class Receiver(Action<FanOutProgress> receive) : IProgress<FanOutProgress>
    {
        public void Report(FanOutProgress value) => receive(value);
    }
}
