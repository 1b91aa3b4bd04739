using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>A limit around a report, which contains the cancellation instead of throwing it.</summary>
public sealed class DeadlineReportTests : IClassFixture<NothingLeftBehind>
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void A_report_that_a_limit_stopped_names_the_limit() => AsyncTest.Run(async test =>
    {
        foreach (var grace in (TimeSpan?[])[null, 60 * Second])
        {
            var options = new DeadlineOptions { Limit = 3 * Second, Name = "import", GracePeriod = grace, TimeProvider = test.Time };
            var report = await Deadline.RunAsync(token => ReportAsync(test, token), options);
            var withoutResults = await Deadline.RunAsync(
                token => new[] { 1, 9 }.FanOutReportAsync(2, (seconds, token) => Task.Delay(seconds * Second, test.Time, token), token),
                options);

            Assert.True(report.IsCancelled);
            Assert.Equal((2, 1, 1), (report.SucceededCount, report.CancelledCount, report.FailedCount));
            var thrown = Assert.Throws<TimeoutException>(report.ThrowIfAnyFailed);
            Assert.Equal("'import' was stopped by its limit of 3 s, after 3 s.", thrown.Message);
            Assert.IsType<FormatException>(Assert.IsType<FanOutException>(thrown.InnerException).InnerException);
            Assert.Null(Assert.Throws<TimeoutException>(withoutResults.ThrowIfAnyFailed).InnerException);
        }
    });

    [Fact]
    public void A_report_that_an_attempt_timeout_stopped_names_the_limit() => AsyncTest.Run(async test =>
    {
        var options = new RetryOptions { AttemptTimeout = 2 * Second, TimeProvider = test.Time };

        var report = await Retry.RunAsync(token => ReportAsync(test, token), options);

        Assert.Contains("limit of 2 s", Assert.Throws<TimeoutException>(report.ThrowIfAnyFailed).Message, StringComparison.Ordinal);
    });

    [Theory]
    [InlineData(3, 5)]
    [InlineData(5, 3)]
    public void The_earliest_of_nested_limits_is_named(int inner, int outer) => AsyncTest.Run(async test =>
    {
        var limits = new DeadlineOptions { TimeProvider = test.Time, Limit = inner * Second };

        var report = await Deadline.RunAsync(
            token => Deadline.RunAsync(
                async token =>
                {
                    var report = await ReportAsync(test, token);
                    await Task.Delay(4 * Second, test.Time, CancellationToken.None); // Both limits have passed.
                    return report;
                },
                limits,
                token),
            limits with { Limit = outer * Second });

        Assert.Contains("limit of 3 s", Assert.Throws<TimeoutException>(report.ThrowIfAnyFailed).Message, StringComparison.Ordinal);
    });

    [Fact]
    public void A_report_that_the_caller_cancelled_names_no_limit() => AsyncTest.Run(async test =>
    {
        using var caller = new CancellationTokenSource();
        var options = new DeadlineOptions { Limit = 3 * Second, TimeProvider = test.Time };

        var report = await Deadline.RunAsync(
            async token =>
            {
                var report = await ReportAsync(test, token);
                await caller.CancelAsync(); // After the limit: the caller still counts.
                return report;
            },
            options,
            caller.Token);

        Assert.ThrowsAny<OperationCanceledException>(report.ThrowIfAnyFailed);
    });

    [Fact]
    public void A_report_that_completes_after_the_limit_is_a_success() => AsyncTest.Run(async test =>
    {
        var options = new DeadlineOptions { Limit = 3 * Second, TimeProvider = test.Time };

        var report = await Deadline.RunAsync(
            async token =>
            {
                await Task.Delay(5 * Second, test.Time, CancellationToken.None);
                return await new[] { 1 }.FanOutReportAsync(1, (item, _) => new ValueTask<int>(item), CancellationToken.None);
            },
            options);

        report.ThrowIfAnyFailed();
        Assert.Equal(1, report.SucceededCount);
    });

    private static Task<FanOutReport<int, int>> ReportAsync(AsyncTestContext test, CancellationToken token) =>
        new[] { 0, 1, -1, 9 }.FanOutReportAsync(
            4,
            async (seconds, token) =>
            {
                await Task.Delay(Math.Max(seconds, 0) * Second, test.Time, token);
                return seconds < 0 ? throw new FormatException() : seconds;
            },
            token);
}
