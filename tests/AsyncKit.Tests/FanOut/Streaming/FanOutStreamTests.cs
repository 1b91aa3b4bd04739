using AsyncKit.Testing;

namespace AsyncKit.Tests;

/// <summary>The guarantees of streams beyond the contract of every fan-out: order, look-ahead, and stopping
/// early.</summary>
public sealed class FanOutStreamTests : IClassFixture<NothingLeftBehind>
{
    private static readonly AsyncTestOptions Thousand = new() { Schedules = World.Schedules(1_000) };

    [Fact]
    public void Source_order_yields_a_ready_result_at_once_even_if_the_source_is_slow() =>
        AsyncTest.Run(async context =>
        {
            await using var results = SlowAsync().FanOutStream(4, (item, _) => new ValueTask<int>(item))
                .GetAsyncEnumerator();

            for (var i = 0; i < 5; i++)
            {
                Assert.True(await results.MoveNextAsync());
                Assert.Equal(i, results.Current);
                Assert.Equal(TimeSpan.FromHours(i), context.Time.Elapsed); // Not an hour later, with the next item.
            }

            Assert.False(await results.MoveNextAsync());

            async IAsyncEnumerable<int> SlowAsync()
            {
                for (var item = 0; item < 5; item++)
                {
                    yield return item;
                    await Task.Delay(TimeSpan.FromHours(1), context.Time);
                }
            }
        });

    [Fact]
    public void Completion_order_yields_the_results_as_they_complete() =>
        AsyncTest.Run(async context =>
        {
            int[] seconds = [5, 1, 4, 2, 3];
            var options = new FanOutOptions { MaxConcurrency = 5, Order = FanOutOrder.Completion };

            var results = await CollectAsync(seconds.FanOutStream(options, async (item, token) =>
            {
                await Task.Delay(TimeSpan.FromSeconds(item), context.Time, token);
                return item;
            }));

            Assert.Equal([1, 2, 3, 4, 5], results);
        });

    [Fact]
    public void One_slow_item_does_not_idle_the_others() =>
        AsyncTest.Run(async context =>
        {
            var started = 0;
            var options = new FanOutOptions { MaxConcurrency = 2, Lookahead = 20 };

            var results = await CollectAsync(Enumerable.Range(0, 21).FanOutStream(options, async (item, token) =>
            {
                started++;
                await Task.Delay(TimeSpan.FromSeconds(item == 0 ? 100 : 1), context.Time, token);
                Assert.True(item > 0 || started == 21, "The others waited for the slow one.");
                return item;
            }));

            Assert.Equal(Enumerable.Range(0, 21), results);
            Assert.Equal(TimeSpan.FromSeconds(100), context.Time.Elapsed);
        });

    [Theory]
    [InlineData(0, FanOutOrder.Source)]
    [InlineData(3, FanOutOrder.Source)]
    [InlineData(3, FanOutOrder.Completion)]
    [InlineData(null, FanOutOrder.Source)]
    public void A_slow_reader_stops_the_pulling_at_Lookahead_items_beyond_its_own(
        int? lookahead, FanOutOrder order) =>
        AsyncTest.Run(async context =>
        {
            var source = new ProbedSource(100);
            var options = new FanOutOptions { MaxConcurrency = 2, Lookahead = lookahead, Order = order };
            var ahead = lookahead ?? 16;
            var started = 0;
            await using var results = source.FanOutStream(options, async (item, _) =>
            {
                started++;
                await Task.Yield();
                return item;
            }).GetAsyncEnumerator();

            for (var read = 0; read < 100; read++)
            {
                Assert.True(await results.MoveNextAsync());
                await context.RunUntilIdleAsync(); // A slow reader.
                Assert.Equal(Math.Min(100, read + 1 + ahead), source.Pulled);
                Assert.Equal(source.Pulled, started);
            }

            Assert.False(await results.MoveNextAsync());
        });

    [Fact]
    public void Source_order_yields_every_result_before_the_failed_item_and_then_throws() =>
        AsyncTest.Run(async context =>
        {
            var failing = context.Random.Next(10);
            List<int> read = [];

            var failure = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
            {
                await foreach (var result in Enumerable.Range(0, 10).FanOutStream(1, async (item, _) =>
                {
                    await Task.Yield();
                    return item == failing ? throw new InvalidOperationException("failed") : item;
                }))
                {
                    read.Add(result);
                }
            });

            Assert.Equal(Enumerable.Range(0, failing), read);
            Assert.Equal(failing, failure.Data["AsyncKit.Index"]);
        });

    [Theory]
    [InlineData(FanOutOrder.Source)]
    [InlineData(FanOutOrder.Completion)]
    public void RunToEnd_yields_every_result_and_throws_the_failures_at_the_end(FanOutOrder order) =>
        AsyncTest.Run(async context =>
        {
            List<int> read = [];
            var options = new FanOutOptions
            {
                MaxConcurrency = context.Random.Next(1, 5),
                OnFailure = FailureMode.RunToEnd,
                Order = order,
                Lookahead = context.Random.Next(5),
            };

            var all = await Assert.ThrowsAsync<FanOutException>(async () =>
            {
                await foreach (var result in Enumerable.Range(0, 30).FanOutStream(options, async (item, _) =>
                {
                    await Task.Yield();
                    return item % 3 == 0 ? throw new InvalidOperationException() : item;
                }))
                {
                    read.Add(result);
                }
            });

            var expected = Enumerable.Range(0, 30).Where(item => item % 3 != 0);
            Assert.Equal(expected, order == FanOutOrder.Source ? read : read.Order());
            Assert.Equal(10, all.Failures.Count);
        });

    [Fact]
    public void A_reader_that_stops_at_item_k_leaves_at_most_k_plus_Lookahead_items_started()
    {
        for (var k = 0; k <= 50; k++)
        {
            var stopAt = k;
            AsyncTest.Run(context => StopAsync(context, stopAt), new AsyncTestOptions { Schedules = 40 });
        }

        static async Task StopAsync(AsyncTestContext context, int k)
        {
            var source = new ProbedSource(200);
            var body = new ScriptedBody([.. Enumerable.Repeat(Outcome.SucceedAfterYields, 200)]);
            var options = new FanOutOptions
            {
                MaxConcurrency = context.Random.Next(1, 9),
                Lookahead = context.Random.Next(12),
                Order = (FanOutOrder)context.Random.Next(2),
            };
            var stream = context.Random.Next(2) == 0
                ? source.FanOutStream(options, body.RunAsync)
                : source.AsAsync().FanOutStream(options, body.RunAsync);

            var read = 0;
            await using (var results = stream.GetAsyncEnumerator())
            {
                while (read < k && await results.MoveNextAsync())
                {
                    read++;
                }
            }

            Assert.Equal(k, read);
            Assert.InRange(body.Started.Count, k, k + options.Lookahead!.Value);
            Assert.Equal(0, body.Running);
            Assert.Equal(k == 0 ? 0 : 1, source.Enumerated);
            Assert.Equal(source.Enumerated, source.Disposed);
            Assert.False(source.DisposedWhileMoving);
        }
    }

    [Fact]
    public void A_reader_that_stops_early_cancels_and_awaits_the_operations_and_later_failures_are_dropped() =>
        AsyncTest.Run(async context =>
        {
            var (gate, failed) = (new TestGate(), 0);

            await foreach (var result in Enumerable.Range(0, 4).FanOutStream(4, async (item, token) =>
            {
                if (item > 0)
                {
                    await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gate.PassAsync(token));
                    await Task.Yield();
                    failed++;
                    throw new InvalidOperationException("after the reader stopped");
                }

                await gate.ArrivedAsync(3);
                return item;
            }))
            {
                Assert.Equal(0, result);
                break;
            }

            Assert.Equal(3, failed);
        });

    [Fact]
    public async Task Each_enumeration_is_a_separate_run()
    {
        var source = new ProbedSource(3);
        var stream = source.FanOutStream(2, (item, _) => new ValueTask<int>(item));
        Assert.Equal(0, source.Enumerated); // The run starts when its first item is requested.

        Assert.Equal([0, 1, 2], await CollectAsync(stream));
        Assert.Equal([0, 1, 2], await CollectAsync(stream));

        Assert.Equal(2, source.Enumerated);
        Assert.Equal(2, source.Disposed);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task The_tokens_of_the_call_and_of_the_enumeration_stop_the_run_and_the_cancelled_one_is_thrown(int which)
    {
        using var ofCall = new CancellationTokenSource();
        using var ofReader = new CancellationTokenSource();
        var gate = new TestGate();
        var stream = Enumerable.Range(0, 9).FanOutStream(
            2,
            async (item, token) =>
            {
                await gate.PassAsync(token);
                return item;
            },
            which == 2 ? CancellationToken.None : ofCall.Token);
        var reading = CollectAsync(stream, ofReader.Token);
        await gate.ArrivedAsync(2);

        await (which == 0 ? ofCall : ofReader).CancelAsync();

        var cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.OrHangs());
        Assert.Equal((which == 0 ? ofCall : ofReader).Token, cancelled.CancellationToken);
    }

    [Fact]
    public async Task A_stream_stays_at_its_end_after_it_ended_or_failed()
    {
        await using var ended = Enumerable.Range(1, 1).FanOutStream(2, (item, _) => new ValueTask<int>(item)).GetAsyncEnumerator();
        await using var failed = Enumerable.Range(1, 1).FanOutStream<int, int>(2, (_, _) => throw new FormatException())
            .GetAsyncEnumerator();

        Assert.True(await ended.MoveNextAsync());
        Assert.False(await ended.MoveNextAsync());
        Assert.False(await ended.MoveNextAsync());
        await Assert.ThrowsAsync<FormatException>(async () => await failed.MoveNextAsync());
        Assert.False(await failed.MoveNextAsync());
    }

    [Fact]
    public async Task A_stream_disposed_before_its_first_item_is_requested_does_not_start()
    {
        var source = new ProbedSource(3);
        var results = source.FanOutStream(2, (item, _) => new ValueTask<int>(item)).GetAsyncEnumerator();

        await results.DisposeAsync();
        await results.DisposeAsync();

        Assert.False(await results.MoveNextAsync());
        Assert.Equal(0, source.Enumerated);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 3)]
    [InlineData(1, int.MaxValue)]
    [InlineData(2, int.MaxValue)]
    [InlineData(20, int.MaxValue)]
    public async Task A_clock_that_throws_loses_no_outcome(int first, int last)
    {
        var options = new FanOutOptions
        {
            MaxConcurrency = 3,
            Lookahead = 3,
            OnFailure = FailureMode.RunToEnd,
            TimeProvider = new BrokenClock(first, last),
        };
        var outcomes = new List<FanOutOutcome<int, int>>();

        await Task.Run(async () =>
        {
            await foreach (var outcome in Enumerable.Range(0, 30).FanOutOutcomes(options, (item, _) => new ValueTask<int>(item)))
            {
                outcomes.Add(outcome);
            }
        }).OrHangs();

        Assert.Equal(Enumerable.Range(0, 30), outcomes.Select(outcome => outcome.Item));
        var failures = outcomes.Select(outcome => outcome.Exception).OfType<FormatException>().Count();
        Assert.InRange(failures, 1, last == first ? 1 : 30);
    }

    [Fact]
    public void Any_reader_sees_source_order_and_keeps_the_look_ahead() =>
        AsyncTest.Run(async context =>
        {
            var random = context.Random;
            var count = random.Next(40);
            var options = new FanOutOptions { MaxConcurrency = random.Next(1, 8), Lookahead = random.Next(20) };
            var (started, read) = (0, 0);

            await foreach (var result in Enumerable.Range(0, count).Where(_ => true).FanOutStream(options, RunAsync))
            {
                Assert.Equal(read, result);
                read++;
                for (var i = random.Next(4); i > 0; i--)
                {
                    await Task.Yield();
                }
            }

            Assert.Equal(count, read);

            async ValueTask<int> RunAsync(int item, CancellationToken token)
            {
                started++;
                Assert.InRange(started, 1, read + 1 + options.Lookahead!.Value);
                for (var i = random.Next(6); i > 0; i--)
                {
                    await Task.Yield();
                }

                return item;
            }
        }, Thousand);

    private static async Task<List<TResult>> CollectAsync<TResult>(
        IAsyncEnumerable<TResult> stream, CancellationToken cancellationToken = default)
    {
        List<TResult> results = [];
        await foreach (var result in stream.WithCancellation(cancellationToken))
        {
            results.Add(result);
        }

        return results;
    }

    private sealed class BrokenClock(int first, int last) : TimeProvider
    {
        private int _reads;

        public override long GetTimestamp()
        {
            var reads = Interlocked.Increment(ref _reads);
            return reads >= first && reads <= last ? throw new FormatException("broken") : base.GetTimestamp();
        }
    }
}
