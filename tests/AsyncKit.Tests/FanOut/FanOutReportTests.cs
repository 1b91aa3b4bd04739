using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>Reports and streams of outcomes, for every way in which a run completes.</summary>
public sealed class FanOutReportTests : IClassFixture<NothingLeftBehind>
{
    private static readonly AsyncTestOptions TwoThousand = new() { Schedules = World.Schedules(2_000) };

    [Fact]
    public async Task A_report_contains_every_item_exactly_once_as_Succeeded_Failed_Cancelled_or_NotStarted()
    {
        using var cts = new CancellationTokenSource();
        var gate = new TestGate();
        var options = new FanOutOptions { MaxConcurrency = 3, OnFailure = FailureMode.RunToEnd };

        var running = Enumerable.Range(0, 10).ToArray().FanOutReportAsync(
            options,
            async (item, token) =>
            {
                switch (item)
                {
                    case 0:
                        return "zero";
                    case 1:
                        throw new InvalidOperationException("one");
                    default:
                        await gate.PassAsync(token);
                        return "more";
                }
            },
            cts.Token);
        await gate.ArrivedAsync(3);
        await cts.CancelAsync();
        var report = await running.OrHangs();

        Assert.Equal(Enumerable.Range(0, 10), report.Outcomes.Select(outcome => outcome.Index));
        Assert.Equal(Enumerable.Range(0, 10), report.Outcomes.Select(outcome => outcome.Item));
        Assert.Equal(
            "Succeeded Failed Cancelled Cancelled Cancelled NotStarted NotStarted NotStarted NotStarted NotStarted",
            string.Join(' ', report.Outcomes.Select(outcome => outcome.Kind)));
        Assert.Equal((1, 1, 3, 5), (
            report.SucceededCount, report.FailedCount, report.CancelledCount, report.NotStartedCount));
        Assert.Equal("zero", Assert.Single(report.Values));
        Assert.Equal("one", Assert.Single(report.Failures).Exception!.Message);
        Assert.Equal([5, 6, 7, 8, 9], report.NotStarted.Select(outcome => outcome.Item));
        Assert.True(report.IsCancelled);
        Assert.Null(report.SourceException);
        var thrown = Assert.ThrowsAny<OperationCanceledException>(report.ThrowIfAnyFailed);
        Assert.Equal(cts.Token, thrown.CancellationToken);
        Assert.Equal(1, Assert.Single(Assert.IsType<FanOutException>(thrown.InnerException).Failures).Index);
    }

    [Fact]
    public async Task A_report_without_results_contains_the_same_outcomes()
    {
        var report = await new[] { "a", "b", "c" }.FanOutReportAsync(2, async (item, _) =>
        {
            await Task.Yield();
            if (string.Equals(item, "b", StringComparison.Ordinal))
            {
                throw new FormatException("not b");
            }
        });

        Assert.Equal("[0] Succeeded|[1] Failed: not b|[2] Succeeded", string.Join('|', report.Outcomes));
        Assert.Equal("2 succeeded, 1 failed, 0 cancelled, 0 not started", report.ToString());
        Assert.Equal((2, 1, 0, 0), (
            report.SucceededCount, report.FailedCount, report.CancelledCount, report.NotStartedCount));
        Assert.Equal("b", Assert.Single(report.Failures).Item);
        Assert.Empty(report.NotStarted);
        Assert.Throws<FanOutException>(report.ThrowIfAnyFailed);
    }

    [Theory]
    [InlineData(SourceFault.MoveNext, 5)]
    [InlineData(SourceFault.Current, 5)]
    [InlineData(SourceFault.GetEnumerator, 0)]
    [InlineData(SourceFault.Dispose, 9)]
    public async Task A_report_keeps_finished_results_and_does_not_throw_when_the_source_fails(
        SourceFault fault, int kept)
    {
        var source = new ProbedSource(9) { Fault = fault, FaultAt = 5 };

        var report = await source.FanOutReportAsync(1, (item, _) => new ValueTask<int>(item));

        Assert.Equal(Enumerable.Range(0, kept), report.Values);
        Assert.IsType<SourceFaultException>(report.SourceException);
        Assert.False(report.IsCancelled);
        Assert.Equal($"{kept} succeeded, 0 failed, 0 cancelled, 0 not started; the source failed", report.ToString());
        var all = Assert.Throws<FanOutException>(report.ThrowIfAnyFailed);
        Assert.Same(report.SourceException, Assert.Single(all.InnerExceptions));
    }

    [Fact]
    public async Task A_report_that_is_cancelled_at_the_call_starts_nothing_and_does_not_throw()
    {
        var source = new ProbedSource(3);
        var cancelled = new CancellationToken(canceled: true);

        var pulled = await source.FanOutReportAsync(1, (item, _) => new ValueTask<int>(item), cancelled);
        var array = await new int[3].FanOutReportAsync(1, (item, _) => new ValueTask<int>(item), cancelled);

        Assert.True(pulled.IsCancelled);
        Assert.Empty(pulled.Outcomes);
        Assert.Equal(0, source.Enumerated);
        Assert.Equal(3, array.NotStartedCount);
        Assert.Equal("0 succeeded, 0 failed, 0 cancelled, 3 not started; the run was cancelled", array.ToString());
        Assert.Equal(cancelled, Assert.Throws<OperationCanceledException>(array.ThrowIfAnyFailed).CancellationToken);
    }

    [Fact]
    public async Task A_list_that_shrinks_during_the_run_is_reported_without_the_removed_items()
    {
        var items = Enumerable.Range(1, 50).ToList();
        var options = new FanOutOptions { MaxConcurrency = 1, OnFailure = FailureMode.StopAtFirst };

        var report = await items.FanOutReportAsync(options, async (item, _) =>
        {
            await Task.Yield();
            items.RemoveRange(10, 40);
        });

        Assert.IsType<InvalidOperationException>(report.SourceException);
        Assert.Equal(Enumerable.Range(1, 10), report.Outcomes.Select(outcome => outcome.Item));
    }

    [Theory]
    [InlineData(FailureMode.StopAtFirst)]
    [InlineData(FailureMode.RunToEnd)]
    public void A_source_that_fails_after_the_callers_cancellation_does_not_hide_it(FailureMode mode) =>
        AsyncTest.Run(async context =>
        {
            using var cts = new CancellationTokenSource();
            var cancel = cts;
            var options = new FanOutOptions { MaxConcurrency = 2, OnFailure = mode };
            var operation = (int item, CancellationToken _) => new ValueTask<int>(item);

            var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(
                () => FailingAsync().FanOutAsync(options, operation, cts.Token));
            using var again = new CancellationTokenSource();
            cancel = again;
            var outcomes = await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            {
                await foreach (var _ in FailingAsync().FanOutOutcomes(options, operation, again.Token))
                {
                }
            });

            Assert.Equal(cts.Token, thrown.CancellationToken);
            Assert.IsType<FormatException>(thrown.InnerException!.GetBaseException());
            Assert.Equal(again.Token, outcomes.CancellationToken);
            Assert.IsType<FormatException>(outcomes.InnerException!.GetBaseException());

            async IAsyncEnumerable<int> FailingAsync()
            {
                yield return 1;
                await Task.Yield();
                await cancel.CancelAsync();
                throw new FormatException();
            }
        });

    [Fact]
    public async Task An_empty_source_produces_an_empty_report()
    {
        var report = await Array.Empty<int>().FanOutReportAsync(1, (item, _) => new ValueTask<int>(item));

        Assert.Empty(report.Outcomes);
        report.ThrowIfAnyFailed();
    }

    [Fact]
    public void A_failure_stops_a_report_with_StopAtFirst() =>
        AsyncTest.Run(async context =>
        {
            var gate = new TestGate();
            var options = new FanOutOptions { MaxConcurrency = 2, OnFailure = FailureMode.StopAtFirst };

            var report = await Enumerable.Range(0, 5).ToList().FanOutReportAsync(options, async (item, token) =>
            {
                await (item == 0 ? gate.ArrivedAsync(1) : gate.PassAsync(token));
                return item == 0 ? throw new FormatException() : item;
            });

            Assert.Equal(
                "Failed Cancelled NotStarted NotStarted NotStarted",
                string.Join(' ', report.Outcomes.Select(outcome => outcome.Kind)));
            Assert.False(report.IsCancelled);
        });

    [Fact]
    public void The_duration_is_measured_by_the_clock_of_the_options() =>
        AsyncTest.Run(async context =>
        {
            var options = new FanOutOptions { MaxConcurrency = 2, TimeProvider = context.Time };

            var report = await new[] { 3, 1, 2 }.FanOutReportAsync(
                options, (item, token) => Task.Delay(TimeSpan.FromSeconds(item), context.Time, token));

            Assert.Equal([3, 1, 2], report.Outcomes.Select(outcome => (int)outcome.Duration.TotalSeconds));
            Assert.All(report.Outcomes, outcome => Assert.Equal(1, outcome.Attempts));
        });

    [Fact]
    public void Value_throws_unless_the_item_succeeded()
    {
        var failed = new FanOutOutcome<string, int>(
            3, "x", FanOutOutcomeKind.Failed, exception: new FormatException("bad"));

        var thrown = Assert.Throws<InvalidOperationException>(() => failed.Value);

        Assert.Equal("Value requires an item that succeeded; item 3 is Failed.", thrown.Message);
        Assert.Same(failed.Exception, thrown.InnerException);
        Assert.Equal("[3] Failed: bad", failed.ToString());
        Assert.Equal("[0] Succeeded: 7", new FanOutOutcome<string, int>(0, "x", FanOutOutcomeKind.Succeeded, 7).ToString());
        Assert.Equal(FanOutOutcomeKind.NotStarted, default(FanOutOutcome<string, int>).Kind);
    }

    [Fact]
    public void Order_and_Lookahead_throw_for_a_fan_out_that_is_not_a_stream()
    {
        int[] items = [1];
        FanOutOptions[] refused =
        [
            new() { MaxConcurrency = 1, Order = FanOutOrder.Completion },
            new() { MaxConcurrency = 1, Lookahead = 3 },
        ];

        Assert.All(refused, options =>
        {
            Assert.Throws<ArgumentException>(nameof(options), () =>
            {
                _ = items.FanOutAsync(options, (item, _) => new ValueTask<int>(item));
            });
            Assert.Throws<ArgumentException>(nameof(options), () =>
            {
                _ = items.FanOutReportAsync(options, (item, _) => new ValueTask<int>(item));
            });
        });
    }

    [Fact]
    public void Outcomes_and_reports_contain_every_started_item_once_in_every_schedule() =>
        AsyncTest.Run(async context =>
        {
            var random = context.Random;
            var script = random.GetItems(Enum.GetValues<Outcome>().Except([Outcome.WaitForToken]).ToArray(), random.Next(12));
            var body = new ScriptedBody(script);
            var options = new FanOutOptions
            {
                MaxConcurrency = random.Next(1, 5),
                OnFailure = (FailureMode)random.Next(2),
            };
            using var caller = new CancellationTokenSource();
            var cancelling = CancelAsync();

            List<FanOutOutcome<int, int>> outcomes = [];
            var isReport = random.Next(2) == 0;
            var isCancelled = false;
            if (isReport)
            {
                var report = await Enumerable.Range(0, script.Length).ToArray()
                    .FanOutReportAsync(options, body.RunAsync, caller.Token);
                outcomes.AddRange(report.Outcomes);
                isCancelled = report.IsCancelled;
                Assert.Equal(script.Length, outcomes.Count);
            }
            else
            {
                var order = (FanOutOrder)random.Next(2);
                var stream = Enumerable.Range(0, script.Length).Where(_ => true)
                    .FanOutOutcomes(options with { Order = order }, body.RunAsync, caller.Token);
                try
                {
                    await foreach (var outcome in stream)
                    {
                        outcomes.Add(outcome);
                    }
                }
                catch (OperationCanceledException)
                {
                    isCancelled = true;
                }

                var indexes = outcomes.ConvertAll(outcome => outcome.Index);
                Assert.Equal(order == FanOutOrder.Source ? indexes.Order() : indexes, indexes);
            }

            await cancelling;
            Assert.Equal(0, body.Running);
            Assert.Equal(outcomes.Select(outcome => outcome.Index).Distinct().Count(), outcomes.Count);
            Assert.Equal(
                body.Started.Order(),
                outcomes.Where(one => one.Kind != FanOutOutcomeKind.NotStarted).Select(one => one.Index).Order());
            Assert.True(!isCancelled || caller.IsCancellationRequested);
            Assert.All(outcomes.Where(one => one.Kind == FanOutOutcomeKind.Succeeded), one =>
                Assert.True(one.Value == one.Index && !ScriptedBody.Fails(script[one.Index])));
            Assert.All(outcomes.Where(one => one.Kind == FanOutOutcomeKind.Failed), one =>
                Assert.True(ScriptedBody.Fails(script[one.Index]) && one.Exception is not null));
            if (!isCancelled && options.OnFailure == FailureMode.RunToEnd)
            {
                Assert.Equal(script.Length, body.Started.Count);
            }

            async Task CancelAsync()
            {
                var yields = random.Next(60);
                for (var i = 0; i < yields; i++)
                {
                    await Task.Yield();
                }

                if (yields < 30)
                {
                    await caller.CancelAsync();
                }
            }
        }, TwoThousand);
}
