using System.Globalization;
using System.Text.RegularExpressions;

namespace AsyncKit.Tests;

/// <summary>The worker sample, run as a separate process under load and stopped by SIGTERM.</summary>
public sealed partial class WorkerTests : IClassFixture<NothingLeftBehind>
{
    private const int Runs = 50;

    [Fact]
    public async Task SIGTERM_under_load_loses_no_accepted_message_in_50_runs()
    {
        var runs = await Enumerable.Range(1, Runs).FanOutAsync(4, (run, _) => StopAfterAsync(11 * run, slowest: 5 * run));

        Assert.All(runs, run =>
        {
            Assert.Equal(0, run.Code);
            Assert.Equal(run.Accepted, run.Completed);
            // A write to a bounded channel that throws for its token may still have written.
            Assert.InRange(run.Accepted + run.Left, run.Sent, run.Sent + 1);
        });
    }

    [Fact]
    public async Task SIGTERM_without_a_drain_token_loses_messages_and_the_exit_code_is_1()
    {
        var run = await StopAfterAsync(completed: 100, slowest: 3_600_000, "--no-drain");

        Assert.Equal(1, run.Code);
        Assert.InRange(run.Accepted - run.Completed, 1, 8); // The slow message, and others in flight.
    }

    private static async Task<Run> StopAfterAsync(int completed, int slowest, params string[] arguments)
    {
        using var worker = SampleProcess.Start("Worker", [$"{completed}", $"{slowest}", .. arguments]);
        await worker.LineAsync(line => string.Equals(line, "working", StringComparison.Ordinal));
        worker.Signal("TERM");
        var (code, output) = await worker.EndAsync();
        var summary = Summary().Match(output);
        Assert.True(summary.Success, output);
        return new Run(code, Number("sent"), Number("left"), Number("accepted"), Number("completed"));

        int Number(string name) => int.Parse(summary.Groups[name].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(
        @"^sent (?<sent>\d+), left (?<left>\d+), accepted (?<accepted>\d+), completed (?<completed>\d+)$",
        RegexOptions.ExplicitCapture,
        1000)]
    private static partial Regex Summary();

    private sealed record Run(int Code, int Sent, int Left, int Accepted, int Completed);
}
