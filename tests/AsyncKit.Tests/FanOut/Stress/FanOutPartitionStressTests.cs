namespace AsyncKit.Tests;

/// <summary>A partition on real threads: no key exceeds its limit or is forgotten, even after failures and
/// cancellations. A lost wake-up shows as a hang.</summary>
public sealed class FanOutPartitionStressTests(NothingLeftBehind leaks) : IClassFixture<NothingLeftBehind>
{
    [Fact]
    [Trait(StressTime.Trait, "Partition")]
    public Task Every_item_runs_once_and_each_key_in_order_on_every_entry_point() => StressTime.RunAsync(async seed =>
    {
        var random = new Random(seed);
        for (var one = 0; one < 50; one++)
        {
            await Task.Run(() => OneAsync(new Random(random.Next()))).OrHangs();
        }

        leaks.Check();
    });

    [Fact]
    [Trait(StressTime.Trait, "Partition")]
    public Task A_hot_key_and_cheap_items_lose_no_item() => StressTime.RunAsync(async seed =>
    {
        const int Items = 20_000;
        var (runs, inKey, tooMany) = (new int[Items], new int[3], 0);
        var maxPerKey = (seed % 3) + 1;
        var options = new FanOutOptions
        {
            MaxConcurrency = (seed % 5) + 2,
            Partition = FanOutPartition.By<int, int>(KeyOf, maxPerKey) with { MaxParked = (seed % 7) + 1 },
        };

        await Enumerable.Range(0, Items).FanOutAsync(options, (item, _) =>
        {
            if (Interlocked.Increment(ref inKey[KeyOf(item)]) > maxPerKey)
            {
                Interlocked.Increment(ref tooMany);
            }

            runs[item]++;
            return item % 50 == 0 ? EndLaterAsync(item) : End(item);
        }).OrHangs();

        Assert.Equal(0, tooMany);
        Assert.All(runs, count => Assert.Equal(1, count));

        static int KeyOf(int item) => item % 10 < 8 ? 0 : item % 2 + 1;

        ValueTask End(int item)
        {
            Interlocked.Decrement(ref inKey[KeyOf(item)]);
            return default;
        }

        async ValueTask EndLaterAsync(int item)
        {
            await Task.Yield();
            await End(item);
        }
    });

    [Fact]
    [Trait(StressTime.Trait, "Partition")]
    public Task Room_that_appears_while_the_holder_starts_to_wait_wakes_it() => StressTime.RunAsync(async seed =>
    {
        const int Items = 30_000;
        var scheduler = new KeyScheduler<int, int>(_ => 0, null, maxPerKey: 1, maxParked: 1);
        var started = -1L;
        var holding = Task.Run(HoldAsync);
        var ending = Task.Run(() => EndAsync(new Random(seed)));

        Assert.Equal(Items, await ending.OrHangs());
        await holding.OrHangs();

        async Task HoldAsync()
        {
            for (var index = 0L; index < Items; index++)
            {
                if (!scheduler.HasRoom)
                {
                    await scheduler.UntilRoomAsync();
                }

                if (scheduler.TryStart(index, 0))
                {
                    Volatile.Write(ref started, index);
                }
            }
        }

        async Task<int> EndAsync(Random random)
        {
            for (var index = -1L; index < Items - 1;)
            {
                Thread.SpinWait(random.Next(30));
                var ended = index;
                if (index >= 0 && scheduler.TryTakeNext(ref index, out _))
                {
                    Assert.Equal(ended + 1, index);
                    continue;
                }

                var spinner = default(SpinWait);
                while ((index = Volatile.Read(ref started)) <= ended && !spinner.NextSpinWillYield)
                {
                    spinner.SpinOnce();
                }

                await Hang.UntilAsync(() => Volatile.Read(ref started) > ended);
                index = Volatile.Read(ref started);
                Assert.Equal(ended + 1, index);
            }

            return Items;
        }
    });

    private static async Task OneAsync(Random random)
    {
        var (count, keys) = (random.Next(150), random.Next(1, 6));
        var (failAt, cancelAt, leaveAt) = (Often(random), Often(random), Often(random));
        var watch = new KeyWatch(item => item % keys);
        var source = new ProbedSource(count);
        using var cts = new CancellationTokenSource();
        var isStream = random.Next(2) == 0;
        var options = new FanOutOptions
        {
            MaxConcurrency = random.Next(4) == 0 ? int.MaxValue : random.Next(1, 9),
            OnFailure = (FailureMode)random.Next(2),
            Partition = FanOutPartition.By((int item) => item % keys, random.Next(1, 4)) with
            {
                MaxParked = random.Next(4) == 0 ? null : random.Next(1, 9),
            },
        };
        options = isStream
            ? options with { Lookahead = random.Next(20), Order = (FanOutOrder)random.Next(2) }
            : options;
        List<int> indexes = [];
        var hasEnded = true;

        if (isStream)
        {
            var stream = random.Next(2) == 0
                ? source.FanOutOutcomes(options, RunAsync, cts.Token)
                : source.AsAsync().FanOutOutcomes(options, RunAsync, cts.Token);
            try
            {
                await foreach (var outcome in stream)
                {
                    indexes.Add(outcome.Index);
                    await StressTime.PauseAsync(random);
                    if (indexes.Count == leaveAt)
                    {
                        hasEnded = false;
                        break;
                    }
                }
            }
            catch (OperationCanceledException)
            {
                hasEnded = false;
            }
        }
        else
        {
            var report = await (random.Next(3) switch
            {
                0 => Enumerable.Range(0, count).ToArray().FanOutReportAsync(options, RunAsync, cts.Token),
                1 => source.FanOutReportAsync(options, RunAsync, cts.Token),
                _ => source.AsAsync().FanOutReportAsync(options, RunAsync, cts.Token),
            });
            Assert.Equal(Enumerable.Range(0, report.Outcomes.Count), report.Outcomes.Select(one => one.Item));
            indexes = [.. report.Outcomes.Where(one => one.Kind != FanOutOutcomeKind.NotStarted).Select(one => one.Index)];
            Assert.Equal(watch.Started.Order(), indexes);
            hasEnded = !report.IsCancelled;
        }

        Assert.Equal(0, watch.Running);
        Assert.InRange(watch.Peak, 0, options.MaxConcurrency);
        Assert.InRange(watch.PeakOfAKey, 0, options.Partition!.MaxPerKey);
        Assert.Equal(source.Enumerated, source.Disposed);
        Assert.True(source.PeakMoveNext <= 1 && !source.DisposedWhileMoving);
        Assert.Equal(indexes.Count, indexes.Distinct().Count());
        if (options.Partition.MaxPerKey == 1)
        {
            watch.AssertEachKeyStartedInSourceOrder();
        }

        if (hasEnded && (failAt >= count || options.OnFailure == FailureMode.RunToEnd))
        {
            Assert.Equal(Enumerable.Range(0, count), indexes.Order());
        }

        async ValueTask<int> RunAsync(int item, CancellationToken token)
        {
            watch.Start(item);
            try
            {
                var pauses = new Random(item);
                await StressTime.PauseAsync(pauses);
                if (item == cancelAt)
                {
                    await cts.CancelAsync();
                }

                await StressTime.PauseAsync(pauses);
                return item == failAt ? throw new FormatException() : item;
            }
            finally
            {
                watch.End(item);
            }
        }
    }

    private static int Often(Random random) => random.Next(2) == 0 ? int.MaxValue : random.Next(1, 150);
}
