namespace AsyncKit.Tests;

/// <summary>A queue on real threads: each item runs once, and the run ends when, and only when, nothing is left. A lost
/// end shows as a hang, an early one as a lost item or a refused one.</summary>
public sealed class FanOutQueueStressTests(NothingLeftBehind leaks) : IClassFixture<NothingLeftBehind>
{
    [Fact]
    [Trait(StressTime.Trait, "Queue")]
    public Task Chains_that_nearly_end_lose_no_item_on_every_entry_point() => StressTime.RunAsync(async seed =>
    {
        const int Items = 2_000;
        var random = new Random(seed);
        var chains = random.Next(1, 4);
        var queue = new FanOutQueue<int>(Enumerable.Range(0, chains));
        var runs = new int[Items];
        var options = new FanOutOptions { MaxConcurrency = random.Next(1, 6) };

        // With few chains the queue is empty most of the time, and often one operation is in flight.
        switch (random.Next(4))
        {
            case 0:
                await queue.FanOutAsync(options, WithoutResultAsync).OrHangs();
                break;
            case 1:
                await queue.FanOutReportAsync(options, RunAsync).OrHangs();
                break;
            case 2:
                await ReadAsync(queue.FanOutStream(options, RunAsync)).OrHangs();
                break;
            default:
                await ReadAsync(queue.FanOutStream(options with { Order = FanOutOrder.Completion }, RunAsync)).OrHangs();
                break;
        }

        Assert.All(runs, count => Assert.Equal(1, count));
        Assert.Throws<InvalidOperationException>(() => queue.Add(0));
        leaks.Check();

        async ValueTask WithoutResultAsync(int item, CancellationToken token) => await RunAsync(item, token);

        ValueTask<int> RunAsync(int item, CancellationToken token)
        {
            Interlocked.Increment(ref runs[item]);
            return item % 7 == 0 ? AddLaterAsync(item) : new(Add(item));
        }

        async ValueTask<int> AddLaterAsync(int item)
        {
            await Task.Yield();
            return Add(item);
        }

        int Add(int item)
        {
            if (item + chains < Items)
            {
                queue.Add(item + chains);
            }

            return item;
        }

        static async Task ReadAsync(IAsyncEnumerable<int> stream)
        {
            await foreach (var item in stream)
            {
                _ = item;
            }
        }
    });

    [Fact]
    [Trait(StressTime.Trait, "Queue")]
    public Task Threads_that_add_at_the_same_time_lose_no_item_and_add_none_twice() => StressTime.RunAsync(async seed =>
    {
        const int Items = 3_000;
        var queue = new FanOutQueue<int>([0], new() { Distinct = EqualityComparer<int>.Default });
        var (runs, added) = (new int[Items], 1);
        var threads = (seed % 3) + 1;

        await queue.FanOutAsync((seed % 5) + 1, async (item, _) =>
        {
            Interlocked.Increment(ref runs[item]);
            if (item == 0)
            {
                await Task.WhenAll(Enumerable.Range(0, threads).Select(_ => Task.Run(AddAll)));
            }
        }).OrHangs();

        Assert.Equal(Items, added);
        Assert.All(runs, count => Assert.Equal(1, count));

        void AddAll()
        {
            for (var item = 1; item < Items; item++)
            {
                if (queue.Add(item))
                {
                    Interlocked.Increment(ref added);
                }
            }
        }
    });

    [Fact]
    [Trait(StressTime.Trait, "Queue")]
    public Task A_cancelled_run_keeps_each_item_either_taken_or_in_the_queue() => StressTime.RunAsync(async seed =>
    {
        const int Items = 300;
        var random = new Random(seed);
        var (queue, runs, stopAt) = (new FanOutQueue<int>([0]), new int[Items], random.Next(Items));
        using var cts = new CancellationTokenSource();
        var report = await queue.FanOutReportAsync(random.Next(1, 5), RunAsync, cts.Token).OrHangs();
        var left = queue.Count;

        if (!report.IsCancelled)
        {
            Assert.Equal((Items, 0), (report.SucceededCount, left));
            return;
        }

        var rest = await queue.FanOutReportAsync(3, RunAsync).OrHangs();
        Assert.All(runs, count => Assert.InRange(count, 0, 1));
        Assert.Equal(runs.Sum(), report.Outcomes.Count + rest.Outcomes.Count);
        Assert.True(rest.Outcomes.Count >= left);

        async ValueTask<int> RunAsync(int item, CancellationToken token)
        {
            runs[item]++;
            await StressTime.PauseAsync(new Random(item + seed));
            if (item == stopAt)
            {
                await cts.CancelAsync();
            }

            foreach (var child in new[] { (2 * item) + 1, (2 * item) + 2 }.Where(child => child < Items))
            {
                queue.Add(child);
            }

            token.ThrowIfCancellationRequested();
            return item;
        }
    });
}
