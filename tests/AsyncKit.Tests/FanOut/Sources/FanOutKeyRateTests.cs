using System.Collections.Concurrent;
using System.Threading.RateLimiting;
using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>Start rates per key: the limiters of a run, slow sources, and the clock.</summary>
public sealed class FanOutKeyRateTests : IClassFixture<NothingLeftBehind>
{
    [Fact]
    public async Task Natural_calls_compile()
    {
        FanOutPartition[] partitions =
        [
            FanOutPartition.By((string name) => name.Length, 1),
            FanOutPartition.By((string name) => name, 1, StringComparer.OrdinalIgnoreCase),
            FanOutPartition.By((string name) => name, maxPerKey: 1, comparer: StringComparer.OrdinalIgnoreCase),
            FanOutPartition.By((string name) => name, 1, null),
            FanOutPartition.By((string name) => name, 1, _ => new KeyLimiter()),
            FanOutPartition.By((string name) => name, maxPerKey: 1, startRate: NewLimiter),
            FanOutPartition.By((string name) => name, 1, NewLimiter, StringComparer.OrdinalIgnoreCase),
            FanOutPartition.By((string name) => name, 1, startRate: null, comparer: StringComparer.OrdinalIgnoreCase),
            FanOutPartition.By((string name) => name, 1, _ => new TokenBucketRateLimiter(new()
            {
                TokenLimit = 1, TokensPerPeriod = 1, ReplenishmentPeriod = TimeSpan.FromMilliseconds(1), QueueLimit = 1,
            })),
        ];

        foreach (var partition in partitions)
        {
            var options = new FanOutOptions { MaxConcurrency = 2, Partition = partition };
            string[] names = await new[] { "a", "A", "b" }.FanOutAsync(options, (name, _) => new ValueTask<string>(name)).OrHangs();
            Assert.Equal(["a", "A", "b"], names);
        }

        static KeyLimiter NewLimiter(string key) => new();
    }

    [Fact]
    public void A_key_function_or_a_limit_that_is_wrong_is_refused_at_the_call()
    {
        Assert.Throws<ArgumentNullException>(() => FanOutPartition.By<int, int>(null!, 1, _ => new KeyLimiter()));
        Assert.Throws<ArgumentOutOfRangeException>(() => FanOutPartition.By((int item) => item, 0, _ => new KeyLimiter()));
    }

    [Fact]
    public async Task The_limiter_of_an_idle_key_is_disposed_during_the_run()
    {
        var (limiters, mostAlive) = (new ConcurrentQueue<KeyLimiter>(), 0);
        var options = new FanOutOptions
        {
            MaxConcurrency = 2,
            Partition = FanOutPartition.By((int item) => item, 1, _ =>
            {
                limiters.Enqueue(new KeyLimiter { IsIdle = true });
                mostAlive = Math.Max(mostAlive, limiters.Count(limiter => limiter.Disposals == 0));
                return limiters.Last();
            }),
        };

        await Enumerable.Range(0, 500).FanOutAsync(options, async (_, _) => await Task.Yield()).OrHangs();

        Assert.Equal(500, limiters.Count);
        Assert.InRange(mostAlive, 1, 10);
        Assert.All(limiters, limiter => Assert.Equal(1, limiter.Disposals));
    }

    [Fact]
    public async Task A_limiter_that_is_not_idle_keeps_its_key()
    {
        var limiters = new ConcurrentQueue<KeyLimiter>();
        var options = new FanOutOptions
        {
            MaxConcurrency = 1,
            Partition = FanOutPartition.By((int item) => item % 5, 1, _ =>
            {
                limiters.Enqueue(new KeyLimiter());
                return limiters.Last();
            }),
        };

        await Enumerable.Range(0, 100).FanOutAsync(options, (_, _) => default(ValueTask)).OrHangs();

        Assert.Equal(5, limiters.Count); // A new limiter would permit more than the old one.
        Assert.All(limiters, limiter => Assert.Equal((20, 1), (limiter.Asked, limiter.Disposals)));
    }

    [Fact]
    public async Task A_source_that_blocks_delays_no_item_that_gets_a_permit()
    {
        using var secondRan = new ManualResetEventSlim();
        var (limiter, first) = (new KeyLimiter(1), new TestGate());
        var options = new FanOutOptions { MaxConcurrency = 1, Partition = FanOutPartition.By((int _) => 0, 2, _ => limiter) };

        var run = Source().FanOutAsync(options, (item, _) =>
        {
            if (item == 0)
            {
                first.Arrive();
            }
            else if (item == 1)
            {
                secondRan.Set();
            }

            return new ValueTask<int>(item);
        });
        await first.ArrivedAsync(1);
        limiter.Permit(2);

        var results = await run.OrHangs();
        Assert.Equal([0, 1, 2], results);

        IEnumerable<int> Source()
        {
            yield return 0;
            yield return 1;
            Assert.True(secondRan.Wait(TimeSpan.FromSeconds(30)), "The blocked source delays the second item.");
            yield return 2;
        }
    }

    [Fact]
    public void A_slow_source_delays_no_item_that_gets_a_permit_even_with_a_limit_of_one() => AsyncTest.Run(async context =>
    {
        var secondRan = new TaskCompletionSource();
        var options = new FanOutOptions
        {
            MaxConcurrency = 1,
            TimeProvider = context.Time,
            Partition = FanOutPartition.By((int _) => 0, 1, _ => new KeyLimiter { Grants = () => context.Random.Next(2) > 0 }),
        };

        var results = await SourceAsync().FanOutAsync(options, async (item, _) =>
        {
            await Task.Yield();
            if (item == 1)
            {
                secondRan.SetResult();
            }

            return item;
        });

        Assert.Equal([0, 1, 2], results);

        async IAsyncEnumerable<int> SourceAsync()
        {
            yield return 0;
            yield return 1;
            await secondRan.Task;
            yield return 2;
        }
    });

    [Theory]
    [InlineData(null, 50)]
    [InlineData(7, 7)]
    public void A_rejected_item_starts_after_the_hint_or_50_ms_on_the_clock_of_the_run(int? hint, int expected) =>
        AsyncTest.Run(async context =>
        {
            var (refusals, start) = (2, context.Time.GetTimestamp());
            var options = new FanOutOptions
            {
                MaxConcurrency = 4,
                TimeProvider = context.Time,
                Partition = FanOutPartition.By((int _) => 0, 1, _ => new KeyLimiter
                {
                    Grants = () => refusals-- <= 0,
                    RetryAfter = hint is { } after ? TimeSpan.FromMilliseconds(after) : null,
                }),
            };

            await new int[1].FanOutAsync(options, (_, _) => default(ValueTask));

            Assert.Equal(TimeSpan.FromMilliseconds(2 * expected), context.Time.GetElapsedTime(start));
        });

    [Fact]
    public void A_report_of_a_cancelled_run_lists_the_items_without_a_permit() => AsyncTest.Run(async context =>
    {
        using var cts = new CancellationTokenSource();
        var (limiter, gate) = (new KeyLimiter(2), new TestGate());
        var options = new FanOutOptions { MaxConcurrency = 4, Partition = FanOutPartition.By((int _) => 0, 4, _ => limiter) };

        var run = Enumerable.Range(0, 5).FanOutReportAsync(
            options, async (item, token) => await gate.PassAsync(token), cts.Token);
        await gate.ArrivedAsync(2);
        await context.RunUntilIdleAsync();
        await cts.CancelAsync();
        var report = await run;

        Assert.Equal((2, 3), (report.CancelledCount, report.NotStartedCount));
        Assert.Equal([2, 3, 4], report.NotStarted.Select(outcome => outcome.Item));
        Assert.Equal((0, 1), (limiter.Held, limiter.Disposals));
    });

    [Theory]
    [InlineData(FailureMode.StopAtFirst)]
    [InlineData(FailureMode.RunToEnd)]
    public void A_limiter_that_throws_ends_a_stream_whose_window_is_full(FailureMode onFailure) => AsyncTest.Run(async context =>
    {
        var requests = 0;
        var options = new FanOutOptions
        {
            MaxConcurrency = 2,
            Lookahead = 1,
            OnFailure = onFailure,
            TimeProvider = context.Time,
            Partition = FanOutPartition.By((int _) => 0, 2, _ => new KeyLimiter
            {
                Grants = () => ++requests < 4 ? requests == 1 : throw new FormatException(),
            }),
        };
        List<int> read = [];

        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await foreach (var item in Enumerable.Range(0, 100).FanOutStream(options, (item, _) => new ValueTask<int>(item)))
            {
                read.Add(item);
            }
        });

        Assert.Equal([0], read);
        Assert.Equal(4, requests);
    });

    [Fact]
    public async Task A_limiter_that_another_caller_holds_releases_a_parked_item()
    {
        var shared = new ConcurrencyLimiter(new() { PermitLimit = 1, QueueLimit = 1 });
        var other = await shared.AcquireAsync();
        var options = new FanOutOptions { MaxConcurrency = 2, Partition = FanOutPartition.By((int _) => 0, 2, _ => shared) };
        var run = Enumerable.Range(0, 10).FanOutAsync(options, (item, _) => new ValueTask<int>(item));

        await Hang.UntilAsync(() => shared.GetStatistics()!.CurrentQueuedCount == 1);
        other.Dispose();

        Assert.Equal(10, (await run.OrHangs()).Length);
    }

    [Fact]
    [Trait(StressTime.Trait, "KeyRate")]
    public Task Every_item_runs_once_within_both_limits() => StressTime.RunAsync(async seed =>
    {
        const int Items = 200;
        var random = new Random(seed);
        var (watch, keys, maxPerKey) = (new KeyWatch(item => item % 4), 4, random.Next(1, 3));
        var limiters = new ConcurrentQueue<KeyLimiter>();
        var options = new FanOutOptions
        {
            MaxConcurrency = random.Next(1, 6),
            Partition = FanOutPartition.By((int item) => item % keys, maxPerKey, _ =>
            {
                var limiter = new KeyLimiter
                {
                    Grants = () => Random.Shared.Next(20) > 0,
                    RetryAfter = TimeSpan.FromTicks(1),
                    IsIdle = random.Next(2) == 0,
                };
                limiters.Enqueue(limiter);
                return limiter;
            }) with
            { MaxParked = random.Next(1, 9) },
        };

        var results = await Enumerable.Range(0, Items).Where(_ => true).FanOutAsync(options, async (item, _) =>
        {
            watch.Start(item);
            await StressTime.PauseAsync(new Random(item));
            watch.End(item);
            return item;
        }).OrHangs();

        Assert.Equal(Enumerable.Range(0, Items), results);
        Assert.InRange(watch.PeakOfAKey, 1, maxPerKey);
        Assert.InRange(watch.Peak, 1, options.MaxConcurrency);
        Assert.All(limiters, limiter => Assert.Equal((0, 1), (limiter.Held, limiter.Disposals)));
    });
}
