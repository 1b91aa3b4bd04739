using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>The snapshots of a run: their times and their values.</summary>
public sealed class FanOutProgressTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public void Snapshots_are_reported_at_intervals_and_once_at_the_end() =>
        AsyncTest.Run(async context =>
        {
            var receiver = new Receiver();
            var options = Options(context, receiver, TimeSpan.FromSeconds(1)) with { MaxConcurrency = 2 };

            await Enumerable.Range(0, 4).ToArray().FanOutAsync(options, async (item, token) =>
            {
                await Task.Delay(TimeSpan.FromSeconds(1.4), context.Time, token);
                return item;
            });

            Assert.Equal(
                "0/2 of 4 at 1 s, - | 2/4 of 4 at 2 s, 2 s | 4/4 of 4 at 2.8 s, 0 s",
                string.Join(" | ", receiver.Snapshots.Select(Text)));
        });

    [Fact]
    public void Snapshots_are_ordered_and_not_concurrent_and_the_last_one_is_complete() =>
        AsyncTest.Run(async context =>
        {
            var receiver = new Receiver();
            var (count, random) = (context.Random.Next(30), context.Random);
            var source = new ProbedSource(count);
            var options = Options(context, receiver, TimeSpan.FromMilliseconds(random.Next(1, 50))) with
            {
                MaxConcurrency = random.Next(1, 6),
                OnFailure = FailureMode.RunToEnd,
            };

            var report = await source.AsAsync().FanOutReportAsync(options, async (item, token) =>
            {
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(100)), context.Time, token);
                return item % 5 == 4 ? throw new FormatException() : item;
            });
            var before = receiver.Snapshots.Count;
            await context.AdvanceAsync(TimeSpan.FromHours(1));

            Assert.Equal(before, receiver.Snapshots.Count);
            var last = receiver.Snapshots[^1];
            Assert.Equal(
                (count, report.SucceededCount, report.FailedCount, 0),
                (last.Started, last.Succeeded, last.Failed, last.InFlight));
            Assert.Null(last.Total); // The source does not know its count.
            Assert.Null(last.Remaining);
            Assert.All(receiver.Snapshots.Zip(receiver.Snapshots.Skip(1)), pair => Assert.True(
                pair.First.Started <= pair.Second.Started && pair.First.Succeeded <= pair.Second.Succeeded
                && pair.First.Failed <= pair.Second.Failed && pair.First.Elapsed <= pair.Second.Elapsed));
            Assert.All(receiver.Snapshots, one => Assert.InRange(one.InFlight, 0, options.MaxConcurrency));
        }, new AsyncTestOptions { Schedules = 500 });

    [Fact]
    public void The_remaining_time_is_unknown_while_no_item_completes_for_long() =>
        AsyncTest.Run(async context =>
        {
            var receiver = new Receiver();
            var options = Options(context, receiver, TimeSpan.FromSeconds(1));

            await new int[200].FanOutAsync(options, async (item, token) =>
            {
                if (receiver.Snapshots.Count == 1)
                {
                    await Task.Delay(TimeSpan.FromSeconds(200), context.Time, token);
                }

                await Task.Delay(TimeSpan.FromMilliseconds(100), context.Time, token);
                return item;
            });

            Assert.Null(receiver.Snapshots[199].Remaining); // The rate is too small for a TimeSpan.
            Assert.NotNull(receiver.Snapshots[^2].Remaining);
        }, new AsyncTestOptions { Schedules = 2 });

    [Fact]
    public async Task A_slow_receiver_is_never_called_concurrently_and_the_run_awaits_it()
    {
        using var receiver = new SlowReceiver();
        var options = new FanOutOptions
        {
            MaxConcurrency = 4,
            Progress = receiver,
            ProgressInterval = TimeSpan.FromMilliseconds(1),
        };

        var run = Enumerable.Range(0, 1).FanOutAsync(options, async (item, token) =>
        {
            await receiver.Entered.Task; // One tick is in the receiver now. Further ticks fire in the meantime.
            return item;
        });
        await receiver.Entered.Task.OrHangs();
        receiver.Proceed.Set();
        await run.OrHangs();

        Assert.Equal(1, receiver.Peak);
        Assert.Equal(1, receiver.Last!.Succeeded);
    }

    [Fact]
    public void A_stream_reports_its_progress_and_knows_the_total_of_a_list() =>
        AsyncTest.Run(async context =>
        {
            var receiver = new Receiver();
            var options = Options(context, receiver, TimeSpan.FromSeconds(1));

            await foreach (var _ in new List<int> { 1, 2, 3 }.FanOutStream(options, (item, _) => new ValueTask<int>(item)))
            {
            }

            Assert.Equal((3, 3), (receiver.Snapshots[^1].Total, (int)receiver.Snapshots[^1].Succeeded));
        });

    [Fact]
    public async Task An_empty_source_reports_a_final_snapshot()
    {
        var receiver = new Receiver();

        await Array.Empty<int>().FanOutAsync(
            new FanOutOptions { MaxConcurrency = 1, Progress = receiver }, (item, _) => new ValueTask<int>(item));

        Assert.Equal((0, 0), (Assert.Single(receiver.Snapshots).Total, (int)receiver.Snapshots[0].Started));
    }

    [Fact]
    public async Task An_exception_from_the_receiver_ends_the_run_and_it_is_not_called_again()
    {
        var receiver = new Receiver { Fault = new FormatException("no screen") };

        var thrown = await Assert.ThrowsAsync<FormatException>(() => new int[3].FanOutAsync(
            new FanOutOptions { MaxConcurrency = 1, Progress = receiver },
            (item, _) => new ValueTask<int>(item)).OrHangs());

        Assert.Equal("no screen", thrown.Message);
        Assert.Single(receiver.Snapshots);
    }

    [Fact]
    public void An_invalid_interval_throws_when_it_is_set() =>
        Assert.Equal("ProgressInterval", Assert.Throws<ArgumentOutOfRangeException>(() =>
            new FanOutOptions { MaxConcurrency = 1, ProgressInterval = TimeSpan.Zero }).ParamName);

    private static FanOutOptions Options(AsyncTestContext context, Receiver receiver, TimeSpan interval) => new()
    {
        MaxConcurrency = 1,
        Progress = receiver,
        ProgressInterval = interval,
        TimeProvider = context.Time,
    };

    private static string Text(FanOutProgress one) => string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"{one.Succeeded}/{one.Started} of {one.Total} at {one.Elapsed.TotalSeconds} s, {Seconds(one.Remaining)}");

    private static string Seconds(TimeSpan? time) => time is { } known
        ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{known.TotalSeconds} s")
        : "-";

    private sealed class Receiver : IProgress<FanOutProgress>
    {
        public List<FanOutProgress> Snapshots { get; } = [];

        public Exception? Fault { get; init; }

        public void Report(FanOutProgress value)
        {
            Snapshots.Add(value);
            if (Fault is not null)
            {
                throw Fault;
            }
        }
    }

    private sealed class SlowReceiver : IProgress<FanOutProgress>, IDisposable
    {
        private int _inside;

        public TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ManualResetEventSlim Proceed { get; } = new();

        public int Peak { get; private set; }

        public FanOutProgress? Last { get; private set; }

        public void Report(FanOutProgress value)
        {
            Peak = Math.Max(Peak, Interlocked.Increment(ref _inside));
            Entered.TrySetResult();
            Proceed.Wait();
            Last = value;
            Interlocked.Decrement(ref _inside);
        }

        public void Dispose() => Proceed.Dispose();
    }
}
