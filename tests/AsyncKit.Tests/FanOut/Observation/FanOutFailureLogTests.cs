using AsyncKit.Testing;
using Microsoft.Extensions.Logging;

namespace AsyncKit.Tests;

/// <summary>The log and the memory of a run that continues after failures and may have no end.</summary>
public sealed class FanOutFailureLogTests : IClassFixture<NothingLeftBehind>
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void A_failed_item_of_a_run_to_the_end_is_a_warning_at_most_every_10_seconds() => AsyncTest.Run(async test =>
    {
        var log = new LogLines();
        var options = Options(test, log) with { OnFailure = FailureMode.RunToEnd };

        await Assert.ThrowsAsync<FanOutException>(() => Enumerable.Range(0, 25).FanOutAsync(options, FailAsync));

        Assert.Equal(
            [
                "Item 0 of 'orders' failed on attempt 1, after 1 s; continuing.",
                "Item 10 of 'orders' failed on attempt 1, after 1 s; continuing. 9 failures since the last warning.",
                "Item 20 of 'orders' failed on attempt 1, after 1 s; continuing. 9 failures since the last warning.",
                "orders completed; 4 failures since the last warning.",
            ],
            log.All.Where(line => line.Level == LogLevel.Warning).Select(line => line.Text),
            StringComparer.Ordinal);
        Assert.Equal(22, log.All.Count(line => line is { Id: 2, Level: LogLevel.Debug }));
        Assert.Equal([4, 5, 5, 6], log.All.Where(line => line.Level == LogLevel.Warning).Select(line => line.Id));

        async Task<int> FailAsync(int item, CancellationToken token)
        {
            await Task.Delay(Second, test.Time, token);
            throw new FormatException();
        }
    });

    [Fact]
    public void A_failure_that_stops_the_run_is_not_a_warning() => AsyncTest.Run(async test =>
    {
        var log = new LogLines();

        await Assert.ThrowsAsync<FormatException>(() => new int[3].FanOutAsync(
            Options(test, log), (_, _) => ValueTask.FromException<int>(new FormatException())));

        Assert.All(log.All, line => Assert.Equal(LogLevel.Debug, line.Level));
    });

    [Fact]
    public void The_failures_of_outcomes_and_reports_are_warnings_by_default() => AsyncTest.Run(async test =>
    {
        var log = new LogLines();
        var report = await new int[3].FanOutReportAsync(
            Options(test, log), (_, _) => ValueTask.FromException<int>(new FormatException()));
        await foreach (var outcome in new int[3].FanOutOutcomes(
            Options(test, log), (_, _) => ValueTask.FromException<int>(new FormatException())))
        {
            Assert.NotNull(outcome.Exception);
        }

        Assert.Equal(3, report.FailedCount);
        Assert.Equal([4, 6, 4, 6], log.All.Where(line => line.Level == LogLevel.Warning).Select(line => line.Id));
    });

    [Fact]
    public async Task A_stream_of_outcomes_keeps_no_failure_that_was_read()
    {
        var failures = new List<WeakReference>();
        using var stop = new CancellationTokenSource();
        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var index in IndexesAsync(stop.Token))
            {
                if (index == 200)
                {
                    await Hang.UntilAsync(() =>
                    {
                        GC.Collect();
                        return failures.Take(150).Count(one => one.IsAlive) <= 1; // The first is the cause of the run.
                    });
                    await stop.CancelAsync();
                }
            }
        });
        Assert.Equal(stop.Token, thrown.CancellationToken);

        async IAsyncEnumerable<int> IndexesAsync([EnumeratorCancellation] CancellationToken token)
        {
            var options = new FanOutOptions { MaxConcurrency = 1, Lookahead = 0 };
            await foreach (var outcome in Endless().FanOutOutcomes(options, FailAsync, token))
            {
                yield return outcome.Index;
            }
        }

        async Task<int> FailAsync(int item, CancellationToken token)
        {
            await Task.Yield();
            var exception = new FormatException();
            failures.Add(new WeakReference(exception));
            throw exception;
        }

        static IEnumerable<int> Endless()
        {
            while (true)
            {
                yield return 1;
            }
        }
    }

    private static FanOutOptions Options(AsyncTestContext test, LogLines log) =>
        new() { MaxConcurrency = 1, Name = "orders", Logger = log, TimeProvider = test.Time };
}
